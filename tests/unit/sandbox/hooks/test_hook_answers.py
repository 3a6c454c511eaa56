"""How an interceptor's answer changes a request or a response, or ends the chain."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from sandbox.hooks.rules.api_messages import BiotRequest, BiotResponse
from sandbox.hooks.rules.called_api import find_called_api
from sandbox.hooks.rules.hook_answers import (
    AnsweringHook,
    ChainEnded,
    EndpointAnswer,
    EndpointFailure,
    EndpointFailureKind,
    adapted_response,
    changed_request,
    changed_response,
    entities_of,
)

PATH = "/organization/v1/users/patients"
API = find_called_api("POST", PATH)
assert API is not None
HOOK = AnsweringHook(listener="Plugin-a", trace_id="a" * 32, api=API)
REQUEST = BiotRequest(
    method="POST",
    path=PATH,
    query={"x": ("1", "2")},
    headers={"host": "biot", "authorization": "Bearer user", "content-length": "9"},
    body=b'{"a": 1}',
)
RESPONSE = BiotResponse(
    status=201, headers=(("content-type", "application/json"), ("x-own", "1")), body=b'{"_id": "7", "_name": "Ann"}'
)
SEARCH = replace(RESPONSE, status=200, body=b'{"data": [{"_id": "1"}], "metadata": {"page": {"totalResults": 9}}}')


def answer(body: object, status: int = 200) -> EndpointAnswer:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return EndpointAnswer(status=status, headers={"content-type": "application/json"}, body=text)


def request_after(**content: object) -> BiotRequest:
    changed = changed_request(REQUEST, answer({"request": content}), HOOK)
    assert isinstance(changed, BiotRequest)
    return changed


def error_of(ended: object) -> dict[str, object]:
    assert isinstance(ended, ChainEnded)
    body: dict[str, object] = json.loads(ended.response.body)
    assert ended.problem == body["message"]
    return {**body, "status": ended.response.status}


def test_parts_that_are_not_returned_stay() -> None:
    assert request_after() == REQUEST


def test_body_path_query_and_headers_may_change() -> None:
    changed = request_after(
        path=f"{PATH}/templates/nurse", queryParameters={"y": ["3"], "z": "4"}, headers={"X-New": "n"}, body={"b": [2]}
    )

    assert changed == BiotRequest(
        method="POST",
        path=f"{PATH}/templates/nurse",
        query={"y": ("3",), "z": ("4",)},
        headers={"x-new": "n", "host": "biot", "content-length": "9"},
        body=b'{"b":[2]}',
    )


def test_a_body_that_is_returned_as_it_was_keeps_its_bytes() -> None:
    assert request_after(body={"a": 1}).body == b'{"a": 1}'
    assert request_after(body={"a": True}).body == b'{"a":true}'
    assert request_after(body={"a": 1.0}).body == b'{"a":1.0}'
    not_json = replace(REQUEST, body=b"\xff")
    assert changed_request(not_json, answer({"request": {"body": None}}), HOOK) == not_json


def test_a_body_can_be_removed_and_added() -> None:
    assert request_after(body=None).body == b""
    added = changed_request(replace(REQUEST, body=b""), answer({"request": {"body": {"a": 1}}}), HOOK)
    assert isinstance(added, BiotRequest)
    assert added.body == b'{"a":1}'


def test_the_whole_event_or_a_json_text_may_come_back() -> None:
    whole = {"initiatorData": {}, "method": "POST", "request": {"path": PATH, "body": {"b": 2}}}
    for body in (whole, json.dumps(whole)):
        changed = changed_request(REQUEST, answer(body), HOOK)
        assert isinstance(changed, BiotRequest)
        assert changed.body == b'{"b":2}'


@pytest.mark.parametrize("status", [199, 300, 302, 400, 403, 409, 500, 502])
def test_an_answer_other_than_2xx_becomes_the_response_as_it_is(status: int) -> None:
    own = b'{"code": "MODIFICATION_FORBIDDEN",  "message": "Not on weekends"}'
    for ended in (
        changed_request(REQUEST, answer(own, status), HOOK),
        changed_response(RESPONSE, answer(own, status), HOOK),
        adapted_response(RESPONSE, answer(own, status), HOOK),
    ):
        assert isinstance(ended, ChainEnded)
        assert (ended.response.status, ended.response.body, ended.problem) == (status, own, "")
        assert dict(ended.response.headers) == {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ({"path": "no-slash"}, "request.path that is not a path"),
        ({"path": f"{PATH}?a=1"}, "request.path that is not a path"),
        ({"path": 7}, "request.path that is not a path"),
        ({"queryParameters": ["a"]}, "request.queryParameters that are not an object"),
        ({"queryParameters": {"a": 1}}, "request.queryParameters whose values are not lists of texts"),
        ({"queryParameters": {"a": [1]}}, "request.queryParameters whose values are not lists of texts"),
        ({"headers": {"a": 1}}, "request.headers that are not an object of texts"),
        ({"headers": {"a b": "1"}}, "request.headers with characters"),
        ({"headers": {"a": "1\r\nx: 2"}}, "request.headers with characters"),
    ],
)
def test_a_part_with_another_form_fails_the_call_and_names_the_plugin(content: object, what: str) -> None:
    error = error_of(changed_request(REQUEST, answer({"request": content}), HOOK))

    assert (error["status"], error["code"], error["serviceName"]) == (500, "INTERNAL_SERVER_ERROR", "organization")
    assert str(error["message"]).startswith("The answer of the interceptor Plugin-a has ")
    assert what in str(error["message"])


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "is empty"),
        (b"ok", "is not a JSON object"),
        ([1], "is not a JSON object"),
        ("text", "is not a JSON object"),
        ({}, "has no object request"),
        ({"request": None}, "has no object request"),
        ({"response": {}}, "has no object request"),
    ],
)
def test_an_answer_without_a_request_fails_the_call(body: object, what: str) -> None:
    error = error_of(changed_request(REQUEST, answer(body), HOOK))

    assert error["message"] == f"The answer of the interceptor Plugin-a {what}."


def test_the_path_may_not_lead_to_another_service() -> None:
    error = error_of(changed_request(REQUEST, answer({"request": {"path": "/device/v2/devices"}}), HOOK))

    assert (error["status"], error["code"]) == (404, "NOT_FOUND")
    assert "another API of the service organization" in str(error["message"])


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (EndpointFailureKind.UNREACHABLE, 500, "INTERNAL_SERVER_ERROR"),
        (EndpointFailureKind.TOO_LARGE, 500, "INTERNAL_SERVER_ERROR"),
        (EndpointFailureKind.TIMEOUT, 504, "GATEWAY_TIMEOUT"),
    ],
)
def test_no_answer_fails_the_call(kind: EndpointFailureKind, status: int, code: str) -> None:
    failure = EndpointFailure(kind=kind, message="It is away.")
    for ended in (
        changed_request(REQUEST, failure, HOOK),
        changed_response(RESPONSE, failure, HOOK),
        adapted_response(RESPONSE, failure, HOOK),
    ):
        error = error_of(ended)
        assert (error["status"], error["code"], error["traceId"]) == (status, code, "a" * 32)
        assert error["message"] == "The interceptor Plugin-a failed: It is away."


def test_body_and_status_of_a_response_may_change_and_other_headers_stay() -> None:
    changed = changed_response(RESPONSE, answer({"response": {"statusCode": 202, "body": {"new": 1}}}), HOOK)

    assert isinstance(changed, BiotResponse)
    assert (changed.status, changed.body) == (202, b'{"new":1}')
    assert dict(changed.headers) == {"x-own": "1", "content-type": "application/json"}
    assert changed_response(RESPONSE, answer({"response": {}}), HOOK) == RESPONSE


@pytest.mark.parametrize("status", ["200", True, 99, 600, 2.5])
def test_a_status_that_is_none_of_http_fails_the_call(status: object) -> None:
    error = error_of(changed_response(RESPONSE, answer({"response": {"statusCode": status}}), HOOK))

    assert "statusCode that is not an HTTP status" in str(error["message"])


def test_the_entities_of_a_response_are_one_or_those_of_a_search() -> None:
    assert entities_of(RESPONSE) == [{"_id": "7", "_name": "Ann"}]
    assert entities_of(SEARCH) == [{"_id": "1"}]
    assert entities_of(replace(SEARCH, body=b'{"data": [], "metadata": {}}')) == []
    for body in (b"", b"[]", b"{}", b'{"data": [1], "metadata": {}}', b"not JSON"):
        assert entities_of(replace(RESPONSE, body=body)) is None


def test_an_adapted_entity_replaces_the_response() -> None:
    changed = adapted_response(RESPONSE, answer({"response": {"entities": [{"_id": "7", "age": 3}]}}), HOOK)

    assert isinstance(changed, BiotResponse)
    assert changed.body == b'{"_id":"7","age":3}'


def test_adapted_entities_of_a_search_replace_its_list_and_the_metadata_stays() -> None:
    changed = adapted_response(SEARCH, answer({"response": {"statusCode": 206, "entities": [{"a": 1}, {}]}}), HOOK)

    assert isinstance(changed, BiotResponse)
    assert changed.status == 206
    assert json.loads(changed.body) == {"data": [{"a": 1}, {}], "metadata": {"page": {"totalResults": 9}}}


@pytest.mark.parametrize("entities", [None, {}, [1], [], [{}, {}]])
def test_entities_of_another_form_or_number_fail_the_call(entities: object) -> None:
    error = error_of(adapted_response(RESPONSE, answer({"response": {"entities": entities}}), HOOK))

    assert "response.entities" in str(error["message"])
