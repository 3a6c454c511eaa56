"""Many clients change patients at once, while three interceptors and two notifications follow each call."""

from __future__ import annotations

import http.client
import json
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sandbox.dispatcher.subscription_table import (
    InterceptionSubscription,
    NotificationSubscription,
    subscribe_interception,
    subscribe_notification,
)
from tests.support.sandbox.hook_endpoint import HookEndpoint, ReceivedCall, Reply, hook_endpoint

if TYPE_CHECKING:
    from tests.support.sandbox.running_sandbox import Sandbox

PATIENTS = "/organization/v1/users/patients"
UPDATE = f"PATCH{PATIENTS}/{{id}}"


@dataclass(frozen=True, kw_only=True)
class LoadResult:
    """What the clients and the endpoints received.

    Attributes:
        answered: The numbers that each client sent and got back, in order, by client.
        notified: The numbers that each endpoint of a notification received, in order, by client.
        problems: Every answer that was not the expected one.
    """

    answered: dict[int, list[int]]
    notified: list[dict[int, list[int]]]
    problems: list[str] = field(default_factory=list)


def run_load(sandbox: Sandbox, *, clients: int, calls: int) -> LoadResult:
    """Let each client change a patient of its own, one call after the other."""
    token = sandbox.token()
    patients = [_create(sandbox, token, number) for number in range(clients)]
    result = LoadResult(answered={number: [] for number in range(clients)}, notified=[])
    with ExitStack() as stack:
        pre, adapt, post, first, second = (stack.enter_context(hook_endpoint()) for _ in range(5))
        _subscribe(sandbox, (pre, adapt, post), (first, second))
        threads = [
            threading.Thread(target=_call, args=(sandbox, token, number, patient, calls, result))
            for number, patient in enumerate(patients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for endpoint in (first, second):
            endpoint.wait_for(clients * calls, 60)
            result.notified.append(_numbers(endpoint.calls))
    return result


def _subscribe(sandbox: Sandbox, interceptors: tuple[HookEndpoint, ...], listeners: tuple[HookEndpoint, ...]) -> None:
    pre, adapt, post = interceptors
    pre.respond = _changing("request")
    post.respond = _changing("response")
    listening = NotificationSubscription(entity_type_name="patient", action_name="_update")
    with sandbox.running.state.database.write() as connection:
        before = InterceptionSubscription(type="PRE_REQUEST", api_id=UPDATE, order=5)
        subscribe_interception(connection, pre.url, before)
        entity = InterceptionSubscription(type="ADAPT_ENTITY", entity_name="patient", order=5)
        subscribe_interception(connection, adapt.url, entity)
        after = InterceptionSubscription(type="POST_REQUEST", api_id=UPDATE, order=5)
        subscribe_interception(connection, post.url, after)
        for endpoint in listeners:
            subscribe_notification(connection, endpoint.url, listening)


def _changing(part: str) -> Any:  # noqa: ANN401 - a function that answers
    """Answer as a plugin that adds a key with its name to the body."""

    def respond(call: ReceivedCall) -> Reply:
        content = call.body[part]
        return Reply(body={part: {**content, "body": {**content["body"], f"by_{part}": True}}})

    return respond


def _create(sandbox: Sandbox, token: str, number: int) -> str:
    body = {
        "_name": {"firstName": f"{number}", "lastName": "x"},
        "_ownerOrganization": {"id": "00000000-0000-0000-0000-000000000000"},
    }
    path = f"{PATIENTS}/templates/patient"
    return str(sandbox.call("POST", path, token=token, body=body).body["_id"])


def _call(  # noqa: PLR0913, PLR0917 - what one client needs
    sandbox: Sandbox, token: str, number: int, patient: str, calls: int, result: LoadResult
) -> None:
    address = urlsplit(sandbox.base_url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    for call in range(calls):
        text = f"{number} {call}"
        connection.request("PATCH", f"{PATIENTS}/{patient}", json.dumps({"_description": text}), headers)
        response = connection.getresponse()
        body = json.loads(response.read())
        expected = (200, text, True, True)
        got = (response.status, body.get("_description"), body.get("by_request"), body.get("by_response"))
        if got == expected:
            result.answered[number].append(call)
        else:
            result.problems.append(f"{text}: {got} {body}")
    connection.close()


def _numbers(calls: list[ReceivedCall]) -> dict[int, list[int]]:
    numbers: dict[int, list[int]] = {}
    for call in calls:
        client, number = call.body["data"]["entity"]["_description"].split()
        numbers.setdefault(int(client), []).append(int(number))
    return numbers
