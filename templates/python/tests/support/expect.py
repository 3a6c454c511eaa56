"""Compares an answer and its log lines with what a row of the table expects."""

import json
import re
from typing import Any

TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
LOG_KEYS = {"@timestamp", "message", "level", "level_value", "appName", "traceId"}
ERROR_KEYS = {"code", "message", "serviceName", "traceId", "environment", "details"}


def check_every_answer(answer: dict[str, Any], log: str, secrets: list[str]) -> None:
    """Check what is true of every call, whatever its row expects."""
    assert json.loads(json.dumps(answer)) == answer
    assert isinstance(answer.get("body", ""), str)
    match = TRACEPARENT.fullmatch(answer["headers"]["traceparent"])
    assert match, answer["headers"]
    for text in log.splitlines():
        line = json.loads(text)
        assert line.keys() - {"stack"} == LOG_KEYS
        assert line["traceId"] == match[1]
        assert TIMESTAMP.fullmatch(line["@timestamp"])
    for secret in secrets:
        assert secret not in log


def check_expected(answer: dict[str, Any], log: str, expect: dict[str, Any]) -> None:
    """Check what the row expects of the answer and the log."""
    assert answer["statusCode"] == expect["statusCode"], answer
    check_headers(answer["headers"], expect.get("headers", {}))
    check_body(answer, expect)
    if "error" in expect:
        check_error(answer, expect)
    for text in expect.get("log_has", []):
        assert text in log
    for text in expect.get("log_lacks", []):
        assert text not in log


def check_headers(headers: dict[str, str], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        if isinstance(value, dict):
            assert re.search(value["matches"], headers[name]), headers
        else:
            assert headers[name] == value


def check_body(answer: dict[str, Any], expect: dict[str, Any]) -> None:
    if expect.get("no_body"):
        assert "body" not in answer
    if "body_text" in expect:
        assert answer["body"] == expect["body_text"]
    if "body" in expect:
        assert json.loads(answer["body"]) == expect["body"]
    if "body_includes" in expect:
        body = json.loads(answer["body"])
        assert {name: body[name] for name in expect["body_includes"]} == expect["body_includes"]


def check_error(answer: dict[str, Any], expect: dict[str, Any]) -> None:
    body = json.loads(answer["body"])
    assert body.keys() == ERROR_KEYS
    assert body["code"] == expect["error"], body
    assert body["traceId"] == answer["headers"]["traceparent"].split("-")[1]
    assert answer["headers"]["content-type"] == "application/json"
    for text in expect.get("message_lacks", []):
        assert text not in answer["body"]
