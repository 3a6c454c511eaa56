"""Notifications after a success: content, filters, order, and that nobody waits for them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from tests.support.sandbox.hook_endpoint import ReceivedCall, Reply
from tests.support.sandbox.hooked_api import PATIENTS, hooked_api

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.hooks.hook_reports import ChainStep
    from tests.support.sandbox.hook_endpoint import HookEndpoint
    from tests.support.sandbox.hooked_api import HookedApi

ANN = {"_name": {"firstName": "Ann"}}


def test_a_notification_has_the_documented_body_and_its_token_inside(api: HookedApi, first: HookEndpoint) -> None:
    api.notify(first.url)
    created = api.call("POST", PATIENTS, ANN).json()
    (call,) = first.wait_for(1)
    body = call.body

    assert call.hooktype == "NOTIFICATION"
    assert "authorization" not in call.headers
    claims = api.state.keys.read(body.pop("jwt"))
    assert claims["scopes"] == ["PROTECTED_API", "ACTION_NOTIFICATION", "PERMISSIONS_SYNC_PERMISSIONS"]
    assert claims["tokenType"] == "SERVICE_INTERNAL"
    metadata = body.pop("metadata")
    assert {key: metadata[key] for key in ("entityTypeName", "actionName", "status")} == {
        "entityTypeName": "patient",
        "actionName": "_create",
        "status": "SUCCESS",
    }
    assert set(metadata) == {"entityTypeName", "actionName", "status", "startTime", "endTime", "initiator"}
    assert metadata["startTime"] <= metadata["endTime"]
    assert set(metadata["initiator"]) == {"subject", "sourceIpAddress"}
    assert body == {"data": {"entity": created, "additionalData": {}}}


def test_an_update_has_the_old_entity_and_a_deletion_the_deleted_one(api: HookedApi, first: HookEndpoint) -> None:
    for action in ("_update", "_delete"):
        api.notify(first.url, action)
    old = api.call("POST", PATIENTS, ANN).json()
    new = api.call("PATCH", f"{PATIENTS}/{old['_id']}", {"age": 7}).json()
    api.call("DELETE", f"{PATIENTS}/{old['_id']}")
    update, deletion = first.wait_for(2)

    assert update.body["data"] == {"entity": new, "additionalData": {"oldEntity": old}}
    assert deletion.body["data"] == {"entity": new, "additionalData": {}}
    assert [call.body["metadata"]["actionName"] for call in (update, deletion)] == ["_update", "_delete"]


def test_only_the_template_of_the_subscription_is_notified(
    api: HookedApi, first: HookEndpoint, second: HookEndpoint
) -> None:
    api.notify(first.url, template="study")
    api.notify(second.url)
    for path in (PATIENTS, f"{PATIENTS}/templates/study"):
        api.call("POST", path, ANN)
    api.settle()

    assert [call.body["data"]["entity"]["_template"]["name"] for call in first.calls] == ["study"]
    assert len(second.calls) == 2


def test_nothing_is_notified_after_a_failure_or_a_refusal(
    api: HookedApi, first: HookEndpoint, second: HookEndpoint
) -> None:
    api.notify(first.url)
    api.notify(first.url, "_update")
    api.intercept(second.url, 5)
    second.respond = lambda _call: Reply(status=403)
    api.call("PATCH", f"{PATIENTS}/none", {})
    api.call("POST", PATIENTS, ANN)
    api.settle()

    assert first.calls == []


def test_a_changed_response_does_not_change_the_notification(
    api: HookedApi, first: HookEndpoint, second: HookEndpoint
) -> None:
    api.notify(first.url)
    api.intercept(second.url, 5, "POST_REQUEST")
    second.respond = lambda _call: Reply(status=418, body={"code": "TEAPOT"})
    response = api.call("POST", PATIENTS, ANN)
    (call,) = first.wait_for(1)

    assert response.status_code == 418
    assert call.body["data"]["entity"]["_id"] == "p1", "the API has created it"


def test_nobody_waits_for_a_notification_and_its_answer_is_ignored(api: HookedApi, first: HookEndpoint) -> None:
    release = threading.Event()

    def slow(call: ReceivedCall) -> Reply:
        del call
        release.wait(10)
        return Reply(status=500, body=b"crash")

    first.respond = slow
    api.notify(first.url)
    response = api.call("POST", PATIENTS, ANN)
    release.set()
    api.settle()

    assert response.status_code == 201
    assert api.observed.steps[-1].problem == "It answered 500."


def test_notifications_of_one_endpoint_arrive_one_after_the_other_in_the_order_of_the_calls(
    api: HookedApi, first: HookEndpoint, second: HookEndpoint
) -> None:
    running: list[int] = []
    at_once: list[int] = []

    def slow(call: ReceivedCall) -> Reply:
        running.append(1)
        at_once.append(len(running))
        time.sleep(0.002)
        running.pop()
        return Reply() if call.body["metadata"] else Reply(status=400)

    first.respond = slow
    api.notify(first.url)
    api.notify(second.url)
    created = [api.call("POST", PATIENTS, ANN).json()["_id"] for _ in range(20)]
    api.settle()

    assert set(at_once) == {1}
    for endpoint in (first, second):
        assert [call.body["data"]["entity"]["_id"] for call in endpoint.calls] == created


def test_one_trace_leads_through_a_plugin_and_its_call_back_to_the_notification_it_causes(
    api: HookedApi, first: HookEndpoint, second: HookEndpoint
) -> None:
    def calls_back(call: ReceivedCall) -> Reply:
        if call.body["request"]["body"] == ANN:
            response = api.call("POST", f"{PATIENTS}/templates/study", {}, traceparent=call.headers["traceparent"])
            assert response.status_code == 201
        return Reply(body={"request": call.body["request"]})

    api.intercept(first.url, 5)
    api.notify(second.url, template="study")
    first.respond = calls_back
    api.call("POST", PATIENTS, ANN)
    (notified,) = second.wait_for(1)
    outer, inner = api.observed.starts

    assert (inner.parent_id, outer.parent_id) == (outer.id, "")
    assert outer.trace_id == inner.trace_id == notified.headers["traceparent"].split("-")[1]


def test_a_plugin_that_triggers_itself_is_stopped_at_depth_10_with_an_explanation(
    api: HookedApi, first: HookEndpoint
) -> None:
    refused: list[dict[str, str]] = []

    def creates_another(call: ReceivedCall) -> Reply:
        response = api.call("POST", PATIENTS, ANN, traceparent=call.headers["traceparent"])
        if response.status_code != 201:
            refused.append(response.json())
        return Reply()

    first.respond = creates_another
    api.notify(first.url)
    api.call("POST", PATIENTS, ANN)
    first.wait_for(10)
    api.settle()

    assert len(first.calls) == 10
    (error,) = refused
    assert error["code"] == "LOOP_DETECTED"
    assert error["message"].startswith("Stopped after 10 nested calls, each made by a plugin")
    assert error["message"].count(first.url) == 10
    assert [reason for reasons in api.observed.reasons().values() for reason in reasons] == ["loop"]


def test_notifications_that_wait_when_the_local_biot_stops_are_reported(tmp_path: Path, first: HookEndpoint) -> None:
    release = threading.Event()
    first.respond = lambda _call: Reply(status=200 if release.wait(10) else 500)
    with hooked_api(tmp_path) as api:
        api.notify(first.url)
        for _ in range(3):
            api.call("POST", PATIENTS, ANN)
        first.wait_for(1)
        observed = api.observed
    release.set()
    undelivered: list[ChainStep] = [step for step in observed.steps if step.name == "NOTIFICATION"]

    assert [step.problem for step in undelivered] == ["The local BioT stopped before there was an answer."] * 3
