"""Endpoints around the creation of patients, so that the pictures show a chain with changes."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from sandbox.dispatcher.subscription_table import (
    InterceptionSubscription,
    NotificationSubscription,
    subscribe_interception,
    subscribe_notification,
)
from tests.support.sandbox.hook_endpoint import Reply, hook_endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sandbox.hook_endpoint import ReceivedCall
    from tests.support.sandbox.running_sandbox import Sandbox

_PATIENTS = "POST/organization/v1/users/patients/templates/{templateName}"


@contextmanager
def example_hooks(sandbox: Sandbox) -> Iterator[None]:
    """Two interceptors, one of which is for another API, and a notification."""
    with ExitStack() as stack:
        before, after = (stack.enter_context(hook_endpoint()) for _ in range(2))
        before.respond = _with_another_name
        with sandbox.running.state.database.write() as connection:
            pre = InterceptionSubscription(type="PRE_REQUEST", api_id=_PATIENTS, order=5)
            other = InterceptionSubscription(type="POST_REQUEST", api_id=_PATIENTS.replace("POST", "PATCH"), order=6)
            subscribe_interception(connection, before.url, pre)
            subscribe_interception(connection, after.url, other)
            created = NotificationSubscription(entity_type_name="patient", action_name="_create")
            subscribe_notification(connection, after.url, created)
        yield


def _with_another_name(call: ReceivedCall) -> Reply:
    request = call.body["request"]
    name = {**request["body"]["_name"], "firstName": "Anna"}
    return Reply(body={"request": {**request, "body": {**request["body"], "_name": name}}})
