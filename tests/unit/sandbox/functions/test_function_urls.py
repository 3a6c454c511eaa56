"""The translation between HTTP and the events of a Lambda function URL."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from sandbox.functions.function_configuration import CorsSettings
from sandbox.functions.invocation import FailureKind, FunctionError, Invocation, InvocationReport
from sandbox.functions.url.cors_headers import preflight_response, with_cors
from sandbox.functions.url.url_event import UrlRequest, event_of
from sandbox.functions.url.url_response import BAD_GATEWAY, UrlResponse, response_of

REPORT = InvocationReport(
    request_id="r",
    duration_ms=1,
    initialization_ms=None,
    memory_size_mb=128,
    memory_used=None,
    memory_source="",
    storage_size_mb=512,
    storage_used=0,
    request_size=0,
    response_size=0,
    timeout_seconds=3,
    isolation="",
)
JSON = ("content-type", "application/json")


def request(body: bytes = b"", *headers: tuple[str, str], query: str = "") -> UrlRequest:
    return UrlRequest(
        method="POST",
        path="/a b",
        query=query,
        headers=headers,
        body=body,
        source_ip="127.0.0.1",
        domain="x.example",
        request_id="id",
        time=datetime(2026, 11, 28, 9, 5, 7, tzinfo=UTC),
    )


def answered(payload: object, error: FunctionError | None = None) -> UrlResponse:
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return response_of(Invocation(request_id="r", payload=data, error=error, log=(), report=REPORT))


def test_the_event_has_payload_format_2() -> None:
    event = json.loads(
        event_of(
            request(
                '{"ä": 1}'.encode(),
                ("content-type", "application/json; charset=utf-8"),
                ("cookie", "a=1; b=2"),
                ("x-many", "1"),
                ("x-many", "2"),
                query="q=1&q=2&empty=",
            )
        )
    )

    assert event.pop("requestContext") == {
        "accountId": "anonymous",
        "apiId": "x",
        "domainName": "x.example",
        "domainPrefix": "x",
        "http": {
            "method": "POST",
            "path": "/a b",
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": "",
        },
        "requestId": "id",
        "routeKey": "$default",
        "stage": "$default",
        "time": "28/Nov/2026:09:05:07 +0000",
        "timeEpoch": 1795856707000,
    }
    assert event == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/a b",
        "rawQueryString": "q=1&q=2&empty=",
        "cookies": ["a=1", "b=2"],
        "headers": {"content-type": "application/json; charset=utf-8", "x-many": "1,2"},
        "queryStringParameters": {"q": "1,2", "empty": ""},
        "body": '{"ä": 1}',
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"text", "text/plain", "text"),
        (b"<a/>", "image/svg+xml", "<a/>"),
        (b"\xff\xfe", "application/json", "//4="),
        (b"a=1", "application/x-www-form-urlencoded", "YT0x"),
        (b"\x89PNG", "image/png", "iVBORw=="),
    ],
)
def test_binary_bodies_are_base64(body: bytes, content_type: str, expected: str) -> None:
    event = json.loads(event_of(request(body, ("content-type", content_type))))

    assert event["body"] == expected
    assert event["isBase64Encoded"] is (expected != body.decode("latin-1"))


@pytest.mark.parametrize(
    ("answer", "status", "headers", "body"),
    [
        ({"message": "hi"}, 200, (JSON,), b'{"message": "hi"}'),
        ("hi", 200, (JSON,), b'"hi"'),
        (None, 200, (JSON,), b"null"),
        ({"statusCode": 201, "body": "ü"}, 201, (JSON,), "ü".encode()),
        ({"statusCode": "404"}, 404, (JSON,), b""),
        ({"statusCode": 200, "body": "/w==", "isBase64Encoded": True}, 200, (JSON,), b"\xff"),
        ({"statusCode": 403, "body": {"code": "NO"}}, 403, (JSON,), b'{"code":"NO"}'),
        (
            {"statusCode": 200, "headers": {"Content-Type": "text/html", "X-A": True}, "cookies": ["a=1", "b=2"]},
            200,
            (("content-type", "text/html"), ("x-a", "true"), ("set-cookie", "a=1"), ("set-cookie", "b=2")),
            b"",
        ),
        (
            {"statusCode": 200, "headers": {"x-a": "1\r\nb: 2"}},
            200,
            (JSON, ("x-a", "1 b: 2")),
            b"",
        ),
        (b'{"statusCode": 202}' + bytes(8) + b"streamed", 202, (JSON,), b"streamed"),
    ],
)
def test_answers_become_responses(
    answer: object, status: int, headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    assert answered(answer) == UrlResponse(status=status, headers=headers, body=body)


@pytest.mark.parametrize(
    "answer", [{"statusCode": "no"}, {"statusCode": 99}, {"statusCode": 200, "body": "a", "isBase64Encoded": True}]
)
def test_an_answer_that_is_not_a_response_is_a_502(answer: object) -> None:
    assert answered(answer) == BAD_GATEWAY


def test_a_failed_call_is_a_502_without_details() -> None:
    error = FunctionError(kind=FailureKind.HANDLER, error_type="ValueError", error_message="a patient's name")
    response = answered({"errorMessage": "a patient's name"}, error)

    assert (response.status, response.body) == (502, b"Internal Server Error")


CORS = CorsSettings(allow_origins=("https://a.example",), allow_methods=("GET", "PUT"), expose_headers=("x-a",))


def test_preflight_requests_are_answered_from_the_settings() -> None:
    asked = {"origin": "https://a.example", "access-control-request-method": "PUT"}
    asked["access-control-request-headers"] = "x"

    response = preflight_response("OPTIONS", asked, CORS)
    assert response is not None
    assert dict(response.headers) == {
        "access-control-allow-origin": "https://a.example",
        "access-control-allow-methods": "GET,PUT",
        "access-control-allow-headers": "authorization,content-type",
        "vary": "origin",
    }
    for other in ({"origin": "https://b.example"}, {"access-control-request-method": "DELETE"}):
        refused = preflight_response("OPTIONS", {**asked, **other}, CORS)
        assert refused == UrlResponse(status=200, headers=())
    assert preflight_response("OPTIONS", {"origin": "https://a.example"}, CORS) is None
    assert preflight_response("PUT", asked, CORS) is None


def test_the_settings_replace_the_headers_of_the_handler() -> None:
    response = UrlResponse(status=200, headers=(JSON, ("access-control-allow-origin", "*")))

    assert with_cors(response, {}, CORS) == response
    assert with_cors(response, {"origin": "https://b.example"}, CORS).headers == (JSON,)
    assert with_cors(response, {"origin": "https://a.example"}, CORS).headers == (
        JSON,
        ("access-control-allow-origin", "https://a.example"),
        ("vary", "origin"),
        ("access-control-expose-headers", "x-a"),
    )
