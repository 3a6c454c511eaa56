"""Creating patients on a local BioT with an interceptor that changes their names, for the pages about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sandbox.dispatcher.subscription_table import (
    InterceptionSubscription,
    NotificationSubscription,
    subscribe_interception,
    subscribe_notification,
)
from tests.support.sandbox.hook_endpoint import Reply, hook_endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.functional.sandbox.console.conftest import Browser
    from tests.support.sandbox.hook_endpoint import HookEndpoint, ReceivedCall
    from tests.support.sandbox.running_sandbox import Sandbox

PATIENTS = "/organization/v1/users/patients/templates/patient"
BY_TEMPLATE = "POST/organization/v1/users/patients/templates/{templateName}"
ORGANIZATION = "00000000-0000-0000-0000-000000000000"
HOSTILE = "<img src=x onerror=alert(1)>"


def change_first_name(call: ReceivedCall) -> Reply:
    if call.hooktype == "NOTIFICATION":
        return Reply()
    request = call.body["request"]
    name = {**request["body"]["_name"], "firstName": HOSTILE}
    return Reply(body={"request": {**request, "body": {**request["body"], "_name": name}}})


@pytest.fixture
def endpoint(sandbox: Sandbox) -> Iterator[HookEndpoint]:
    """An endpoint that changes the name of every new patient, and is notified of it; another one has another API."""
    with hook_endpoint() as running:
        running.respond = change_first_name
        with sandbox.running.state.database.write() as connection:
            pre = InterceptionSubscription(type="PRE_REQUEST", api_id=BY_TEMPLATE, order=5)
            other = InterceptionSubscription(type="PRE_REQUEST", api_id=BY_TEMPLATE.replace("POST", "PATCH"), order=6)
            subscribe_interception(connection, running.url, pre)
            subscribe_interception(connection, running.url, other)
            created = NotificationSubscription(entity_type_name="patient", action_name="_create")
            subscribe_notification(connection, running.url, created)
        yield running
        with sandbox.running.state.database.write() as connection:
            connection.execute("DELETE FROM dispatcher_interception")
            connection.execute("DELETE FROM dispatcher_notification")


def create_patient(sandbox: Sandbox, last_name: str) -> dict[str, Any]:
    body = {"_name": {"firstName": "Synthetic", "lastName": last_name}, "_ownerOrganization": {"id": ORGANIZATION}}
    answer = sandbox.call("POST", PATIENTS, token=sandbox.admin_token(), body=body)
    assert answer.status == httpx.codes.CREATED, answer.body
    created: dict[str, Any] = answer.body
    return created


def number_of_newest(browser: Browser) -> str:
    rows = re.findall(r'<tr data-number="(\d+)"', browser.get("/activity").html)
    return str(rows[0])
