"""Activity: every call as a row that appears by itself, and a chain with its steps, changes and reasons."""

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
from tests.functional.sandbox.console.conftest import Page
from tests.support.sandbox.hook_endpoint import Reply, hook_endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.functional.sandbox.console.conftest import Browser
    from tests.support.sandbox.hook_endpoint import HookEndpoint, ReceivedCall
    from tests.support.sandbox.running_sandbox import Sandbox

PATIENTS = "/organization/v1/users/patients/templates/patient"
BY_TEMPLATE = "POST/organization/v1/users/patients/templates/{templateName}"
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


ORGANIZATION = "00000000-0000-0000-0000-000000000000"


def number_of_newest(browser: Browser) -> str:
    rows = re.findall(r'<tr data-number="(\d+)"', browser.get("/activity").html)
    return str(rows[0])


def test_a_chain_shows_its_steps_changes_and_reasons(
    sandbox: Sandbox, browser: Browser, endpoint: HookEndpoint
) -> None:
    create_patient(sandbox, "Chain")
    endpoint.wait_for(2)

    page = browser.get(f"/activity/{number_of_newest(browser)}")

    assert "1. PRE_REQUEST" in page.text
    assert "~ body._name.firstName" in page.text
    assert '"Synthetic"' in page.text
    assert "Not called" in page.text
    assert "PATCH" in page.text.partition("Not called")[2]
    assert re.findall(r"\d\. (\w+)", page.text)[:2] == ["PRE_REQUEST", "API"]
    assert HOSTILE in page.text
    assert "img" not in {tag for tag, _ in page.elements}


def test_the_list_has_a_row_for_each_call_and_its_filters(
    sandbox: Sandbox, browser: Browser, endpoint: HookEndpoint
) -> None:
    create_patient(sandbox, "Unusual")
    endpoint.wait_for(2)

    assert f"POST {PATIENTS}" in browser.get("/activity").text
    assert f"POST {PATIENTS}" in browser.get("/activity?text=unusual").text
    assert f"POST {PATIENTS}" in browser.get("/activity?status=201&hook=pre_request").text
    assert "Nothing has happened that matches" in browser.get("/activity?text=nobody-has-this-name").text


def test_a_wrong_filter_is_explained_on_the_page(browser: Browser) -> None:
    assert "since must be a duration such as 10m" in browser.get("/activity?since=yesterday").text
    assert "status must be an HTTP status" in browser.get("/logs?status=bad").text


def test_an_unknown_number_is_a_page_with_the_reason(browser: Browser) -> None:
    response = browser.client.get("/console/activity/999999")

    assert response.status_code == httpx.codes.NOT_FOUND
    assert "There is no activity 999999." in Page(response.text).text


def test_new_calls_arrive_by_themselves_and_a_later_notification_completes_its_row(
    sandbox: Sandbox, browser: Browser, endpoint: HookEndpoint
) -> None:
    rows: list[str] = []
    with browser.client.stream("GET", "/console/activity/live", timeout=20) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 1000"
        create_patient(sandbox, "Live")
        endpoint.wait_for(2)
        for line in lines:
            if line.startswith("data: ") and PATIENTS in line:
                rows.append(line.removeprefix("data: "))
            if rows and "NOTIFICATION" in rows[-1] and "running" not in rows[-1]:
                break

    numbers = {number for row in rows for number in re.findall(r'data-number="(\d+)"', row)}
    assert len(numbers) == 1
    assert "PRE_REQUEST" in Page(f"<table>{rows[-1]}</table>").text


def test_a_page_that_was_away_gets_what_it_missed(sandbox: Sandbox, browser: Browser, endpoint: HookEndpoint) -> None:
    create_patient(sandbox, "First")
    endpoint.wait_for(2)
    last = number_of_newest(browser)
    create_patient(sandbox, "Missed")
    endpoint.wait_for(4)

    with browser.client.stream("GET", "/console/activity/live", headers={"last-event-id": last}, timeout=20) as stream:
        row = next(line for line in stream.iter_lines() if line.startswith("data: "))

    assert f'data-number="{int(last) + 1}"' in row


def test_logs_name_the_command_that_shows_more(browser: Browser) -> None:
    assert "biot-plugin logs -e local -f" in browser.get("/logs?plugin=nobody").text
