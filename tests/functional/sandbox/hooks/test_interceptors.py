"""Interceptors around an API call: order, changes, refusals and failures, with real endpoints."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.sandbox.hook_endpoint import ReceivedCall, Reply, echo
from tests.support.sandbox.hooked_api import PATIENTS

if TYPE_CHECKING:
    from tests.support.sandbox.hook_endpoint import HookEndpoint
    from tests.support.sandbox.hooked_api import HookedApi

ANN = {"_name": {"firstName": "Ann"}}


def adding(key: str) -> Any:  # noqa: ANN401 - a function that answers
    """Answer as a plugin that adds a key to the body of the request or response."""

    def respond(call: ReceivedCall) -> Reply:
        part = "request" if call.hooktype == "INTERCEPTOR_PRE" else "response"
        content = call.body[part]
        return Reply(body={part: {**content, "body": {**content["body"], key: True}}})

    return respond


def refusing(call: ReceivedCall) -> Reply:
    del call
    return Reply(status=409, body={"code": "MODIFICATION_FORBIDDEN", "message": "Not on weekends"})


def test_a_pre_request_plugin_gets_the_documented_event(api: HookedApi, first: HookEndpoint) -> None:
    api.intercept(first.url, 5)
    response = api.call("POST", f"{PATIENTS}?x=1&x=2", ANN, accept_language="en", x_own="a")
    (call,) = first.calls

    assert response.status_code == 201
    assert call.hooktype == "INTERCEPTOR_PRE"
    assert call.headers["content-type"] == "application/json"
    assert call.headers["accept-language"] == "en"
    initiator = call.body.pop("initiatorData")
    assert initiator["tokenType"] == "USER"
    assert set(initiator) == {"subjectId", "ownerOrganizationId", "tokenType"}
    request = call.body.pop("request")
    assert call.body == {"method": "POST", "entityName": "patient", "apiId": f"POST{PATIENTS}"}
    headers = request.pop("headers")
    assert request == {
        "path": PATIENTS,
        "queryParameters": {"x": ["1", "2"]},
        "pathVariables": [],
        "body": ANN,
    }
    assert headers["authorization"] == f"Bearer {api.token}", "the token of the user"
    assert headers["x-own"] == "a"


def test_the_token_of_an_interceptor_is_signed_by_biot_and_has_its_scope(api: HookedApi, first: HookEndpoint) -> None:
    api.intercept(first.url, 5)
    api.call("POST", PATIENTS, ANN)
    claims = api.state.keys.read(first.calls[0].headers["authorization"].removeprefix("Bearer "))

    assert claims["tokenType"] == "SERVICE_INTERNAL"
    assert claims["scopes"] == ["PROTECTED_API", "PLUGIN_INTERCEPTOR"]
    assert 1790 <= claims["exp"] - time.time() <= 1800
    assert set(claims) == {"serviceUserId", "scopes", "tokenType", "jti", "exp"}


def test_plugins_are_called_in_ascending_order_and_each_sees_the_changes_before(
    api: HookedApi, first: HookEndpoint, second: HookEndpoint
) -> None:
    api.intercept(first.url, 9)
    api.intercept(second.url, 3)
    first.respond, second.respond = adding("late"), adding("early")
    response = api.call("POST", PATIENTS, ANN)

    assert second.calls[0].body["request"]["body"] == ANN
    assert first.calls[0].body["request"]["body"] == {**ANN, "early": True}
    assert json.loads(api.api.requests[0][3]) == {**ANN, "early": True, "late": True}
    assert response.json() == {"_id": "p1", "_template": {"name": "patient"}, **ANN, "early": True, "late": True}
    assert [step.name for step in api.observed.steps] == ["PRE_REQUEST", "PRE_REQUEST", "API"]


def test_query_headers_and_path_may_change(api: HookedApi, first: HookEndpoint) -> None:
    def respond(call: ReceivedCall) -> Reply:
        request = call.body["request"]
        headers = {**request["headers"], "x-added": "yes"}
        changed = {"path": f"{PATIENTS}/templates/study", "queryParameters": {"a": ["ä b"]}, "headers": headers}
        return Reply(body={"request": {**request, **changed}})

    api.intercept(first.url, 5)
    api.intercept(first.url, 5, "POST_REQUEST")
    template = f"POST{PATIENTS}/templates/{{templateName}}"
    first.respond = lambda call: respond(call) if call.hooktype == "INTERCEPTOR_PRE" else adding("post")(call)
    api.intercept(first.url, 5, "POST_REQUEST", api_id=template)
    response = api.call("POST", PATIENTS, ANN)
    method, url, headers, body = api.api.requests[0]

    assert (method, urlsplit(url).path, parse_qs(urlsplit(url).query)) == (
        "POST",
        f"{PATIENTS}/templates/study",
        {"a": ["ä b"]},
    )
    assert headers["x-added"] == "yes"
    assert json.loads(body) == ANN
    assert response.json()["_template"] == {"name": "study"}
    assert [call.body["apiId"] for call in first.calls[1:]] == [template], (
        "after the API, the hooks of the one that ran"
    )
    reasons = api.observed.reasons()
    assert reasons[f"{first.url} POST_REQUEST POST{PATIENTS}"] == ["other-path"]


def test_an_answer_other_than_2xx_ends_the_chain_and_is_the_response(
    api: HookedApi, first: HookEndpoint, second: HookEndpoint
) -> None:
    api.intercept(first.url, 3)
    api.intercept(second.url, 9)
    api.intercept(second.url, 3, "ADAPT_ENTITY", entity_name="patient")
    api.notify(second.url)
    first.respond = refusing
    response = api.call("POST", PATIENTS, ANN)
    api.settle()

    assert (response.status_code, response.json()["code"]) == (409, "MODIFICATION_FORBIDDEN")
    assert (api.api.requests, second.calls) == ([], [])
    ended = [one for one in api.observed.ends[0].considered if not one.matches]
    assert {reason.message for one in ended for reason in one.reasons} == {
        f"{first.url} (order 3) ended the chain before."
    }
    assert len(ended) == 3


def test_after_the_api_entities_are_adapted_and_then_the_response_is_intercepted(
    api: HookedApi, first: HookEndpoint, second: HookEndpoint
) -> None:
    def adapt(call: ReceivedCall) -> Reply:
        entities = [{**entity, "age": 7} for entity in call.body["response"]["entities"]]
        return Reply(body={"response": {"entities": entities}})

    api.intercept(first.url, 3, "POST_REQUEST")
    api.intercept(second.url, 3, "ADAPT_ENTITY", entity_name="patient")
    first.respond, second.respond = adding("post"), adapt
    response = api.call("POST", PATIENTS, ANN)

    created = {"_id": "p1", "_template": {"name": "patient"}, **ANN}
    assert second.calls[0].hooktype == "INTERCEPTOR_POST_ENTITY"
    assert second.calls[0].body["response"] == {"statusCode": 201, "entities": [created]}
    assert second.calls[0].body["apiId"] == f"POST{PATIENTS}"
    assert first.calls[0].hooktype == "INTERCEPTOR_POST"
    assert first.calls[0].body["response"] == {"statusCode": 201, "body": {**created, "age": 7}}
    assert response.json() == {**created, "age": 7, "post": True}
    assert (response.status_code, response.headers["x-own"]) == (201, "1")
    assert int(response.headers["content-length"]) == len(response.content)


def test_all_entities_of_a_search_are_adapted_also_when_there_are_none(api: HookedApi, first: HookEndpoint) -> None:
    def adapt(call: ReceivedCall) -> Reply:
        return Reply(
            body={"response": {"entities": [{"n": i} for i, _ in enumerate(call.body["response"]["entities"])]}}
        )

    api.intercept(first.url, 3, "ADAPT_ENTITY", entity_name="patient")
    first.respond = adapt

    assert api.call("GET", PATIENTS).json()["data"] == []
    api.api.patients.update({"a": {"_id": "a"}, "b": {"_id": "b"}})
    assert api.call("GET", PATIENTS).json() == {"data": [{"n": 0}, {"n": 1}], "metadata": {"page": {"totalResults": 2}}}
    assert [len(call.body["response"]["entities"]) for call in first.calls] == [0, 2]


def test_nothing_follows_an_api_that_failed(api: HookedApi, first: HookEndpoint) -> None:
    one = f"GET{PATIENTS}/{{id}}"
    api.intercept(first.url, 3, "POST_REQUEST", api_id=one)
    api.intercept(first.url, 3, "ADAPT_ENTITY", entity_name="patient")
    response = api.call("GET", f"{PATIENTS}/none")

    assert (response.status_code, response.json()["code"]) == (404, "PATIENT_NOT_FOUND")
    assert first.calls == []
    assert set(map(tuple, api.observed.reasons().values())) == {("api-failed",)}


def test_a_response_without_an_entity_is_not_adapted(api: HookedApi, first: HookEndpoint) -> None:
    api.api.patients["p"] = {"_id": "p"}
    api.intercept(first.url, 3, "ADAPT_ENTITY", entity_name="patient")
    api.intercept(first.url, 3, "POST_REQUEST", api_id=f"DELETE{PATIENTS}/{{id}}")
    response = api.call("DELETE", f"{PATIENTS}/p")

    assert (response.status_code, response.content) == (204, b"")
    assert [call.hooktype for call in first.calls] == ["INTERCEPTOR_POST"]
    assert api.observed.reasons()[f"{first.url} ADAPT_ENTITY patient"] == ["no-entity"]


def test_a_path_value_scopes_a_subscription(api: HookedApi, first: HookEndpoint) -> None:
    api_id = f"POST{PATIENTS}/templates/{{templateName}}"
    api.intercept(first.url, 3, api_id=api_id, path_filters={"templateName": "study"})
    for template in ("other", "study"):
        assert api.call("POST", f"{PATIENTS}/templates/{template}", ANN).status_code == 201

    (call,) = first.calls
    assert (call.body["apiId"], call.body["request"]["pathVariables"]) == (api_id, ["study"])


def test_bytes_that_no_plugin_changes_arrive_unchanged(api: HookedApi, first: HookEndpoint) -> None:
    api.intercept(first.url, 5)
    api.intercept(first.url, 5, "POST_REQUEST")
    body = b'{ "_name" : {"firstName":"\xc3\xa4"},  "n": 1.50 }'
    api.call("POST", PATIENTS, body)

    assert api.api.requests[0][3] == body


@pytest.mark.parametrize(
    ("reply", "status", "what"),
    [
        (Reply(body=b""), 500, "is empty"),
        (Reply(body=b"<html>"), 500, "is not a JSON object"),
        (Reply(body={"other": 1}), 500, "has no object request"),
        (Reply(status=502, body=b"Internal Server Error", content_type="text/plain"), 502, "Internal Server Error"),
        (Reply(status=302, body=b"moved"), 302, "moved"),
        (Reply(body=b'"' + b"x" * 6_300_000 + b'"'), 500, "larger than 6291556 bytes"),
    ],
)
def test_a_broken_answer_fails_the_call_and_the_api_does_not_run(
    api: HookedApi, first: HookEndpoint, reply: Reply, status: int, what: str
) -> None:
    api.intercept(first.url, 5)
    first.respond = lambda _call: reply
    response = api.call("POST", PATIENTS, ANN)

    assert response.status_code == status
    assert what in response.text
    assert api.api.requests == []


def test_an_endpoint_that_cannot_be_reached_fails_the_call_with_500(api: HookedApi) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    api.intercept(url, 5)
    response = api.call("POST", PATIENTS, ANN)

    assert (response.status_code, response.json()["code"]) == (500, "INTERNAL_SERVER_ERROR")
    assert f"cannot be reached at {url}" in response.json()["message"]
    assert "cannot be reached" in api.observed.steps[0].problem


def test_a_malformed_endpoint_fails_the_call_with_500(api: HookedApi) -> None:
    api.intercept("not an address", 5)

    assert api.call("POST", PATIENTS, ANN).status_code == 500


def test_an_endpoint_that_is_too_slow_fails_the_call_with_504(api: HookedApi, first: HookEndpoint) -> None:
    def slow(call: ReceivedCall) -> Reply:
        time.sleep(1.2)
        return echo(call)

    api.hooks.own_timeout_seconds = 1
    api.intercept(first.url, 5)
    first.respond = slow
    response = api.call("POST", PATIENTS, ANN)

    assert (response.status_code, response.json()["code"]) == (504, "GATEWAY_TIMEOUT")
    assert "no answer within 1 s" in response.json()["message"]
    assert api.api.requests == []


def test_without_a_valid_token_no_plugin_is_called(api: HookedApi, first: HookEndpoint) -> None:
    api.intercept(first.url, 5)
    response = api.call("POST", PATIENTS, ANN, token="forged")

    assert (response.status_code, response.json()["code"]) == (401, "TOKEN_NOT_VALID")
    assert first.calls == []
    assert set(map(tuple, api.observed.reasons().values())) == {("not-authenticated",)}


def test_the_trace_of_the_caller_reaches_plugins_and_errors(api: HookedApi, first: HookEndpoint) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    api.intercept(first.url, 3, api_id=f"GET{PATIENTS}/{{id}}")
    response = api.call("GET", f"{PATIENTS}/none", traceparent=f"00-{trace}-b7ad6b7169203331-01")

    assert response.json()["traceId"] == trace
    sent = first.calls[0].headers["traceparent"].split("-")
    assert (sent[1], sent[3]) == (trace, "01")
    assert sent[2] != "b7ad6b7169203331"
    assert api.observed.starts[0].trace_id == trace


def test_a_query_that_no_plugin_changes_arrives_as_it_was_written(api: HookedApi, first: HookEndpoint) -> None:
    api.intercept(first.url, 5, api_id=f"GET{PATIENTS}")
    api.call("GET", f"{PATIENTS}?b=%C3%A4+1&a&%ff=2")

    assert urlsplit(api.api.requests[0][1]).query == "b=%C3%A4+1&a&%ff=2"
    assert first.calls[0].body["request"]["queryParameters"]["b"] == ["ä 1"]


def test_an_interceptor_that_intercepts_its_own_calls_is_stopped_at_depth_10(
    api: HookedApi, first: HookEndpoint
) -> None:
    def asks_again(call: ReceivedCall) -> Reply:
        inner = api.call("POST", PATIENTS, ANN, traceparent=call.headers["traceparent"], allow_interception="yes")
        return Reply(status=inner.status_code, body=inner.json()) if inner.status_code != 201 else echo(call)

    api.intercept(first.url, 5)
    first.respond = asks_again
    response = api.call("POST", PATIENTS, ANN)

    assert (response.status_code, response.json()["code"]) == (508, "LOOP_DETECTED")
    assert len(first.calls) == 10
    assert api.api.requests == [], "each level refused the one above it"
