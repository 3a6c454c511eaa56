"""Compares an answer and its log lines with what a row of the table expects."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.support.fake_biot import SERVICE_SECRET, SERVICE_TOKEN

TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
LOG_KEYS = {"@timestamp", "message", "level", "level_value", "appName", "traceId"}
ERROR_KEYS = ["code", "message", "serviceName", "traceId", "environment", "details"]
NO_BODY = "(no body)"

# What is compared, the expected value, and the actual value.
Comparison = tuple[str, object, object]


def always_differences(answer: dict[str, Any], log: str, token: str) -> list[str]:
    """Compare an answer with what every call must fulfil; return the differences."""
    return differences(always_compared(answer, log, token))


def expected_differences(
    answer: dict[str, Any], log: str, expect: dict[str, Any], counts: Mapping[str, int]
) -> list[str]:
    """Compare the answer, the log and the requests to BioT with what the row expects; return the differences."""
    return differences(expected_compared(answer, log, expect, counts))


def differences(comparisons: Iterable[Comparison]) -> list[str]:
    return [
        f"{what}: expected {json.dumps(expected)}, actual {json.dumps(actual)}"
        for what, expected, actual in comparisons
        if expected != actual
    ]


def always_compared(answer: dict[str, Any], log: str, token: str) -> Iterator[Comparison]:
    yield "answer as JSON", json.loads(json.dumps(answer)), answer
    yield "type of body", "str", type(answer.get("body", "")).__name__
    traceparent = answer["headers"].get("traceparent", "")
    match = TRACEPARENT.fullmatch(traceparent)
    yield "valid traceparent", True, match is not None
    for text in log.splitlines():
        line = json.loads(text)
        yield "keys of a log line", sorted(LOG_KEYS), sorted(line.keys() - {"stack"})
        yield "traceId of a log line", match[1] if match else None, line["traceId"]
        yield "valid @timestamp of a log line", True, TIMESTAMP.fullmatch(line["@timestamp"]) is not None
    for secret in filter(None, (SERVICE_SECRET, SERVICE_TOKEN, "patient-data", token)):
        yield f"log contains {secret[:20]}", False, secret in log


def expected_compared(
    answer: dict[str, Any], log: str, expect: dict[str, Any], counts: Mapping[str, int]
) -> Iterator[Comparison]:
    yield "statusCode", expect["statusCode"], answer["statusCode"]
    for name, value in expect.get("headers", {}).items():
        actual = answer["headers"].get(name)
        if isinstance(value, dict):
            yield f"header {name} like {value['matches']}", True, re.search(value["matches"], actual or "") is not None
        else:
            yield f"header {name}", value, actual
    yield from body_compared(answer, expect)
    for text in expect.get("log_has", []):
        yield f"log contains {text}", True, text in log
    for text in expect.get("log_lacks", []):
        yield f"log contains {text}", False, text in log
    for kind, count in expect.get("requests", {}).items():
        yield f"requests of kind {kind}", count, counts[kind]


def body_compared(answer: dict[str, Any], expect: dict[str, Any]) -> Iterator[Comparison]:
    text = answer.get("body", NO_BODY)
    body = parse(text)
    if expect.get("no_body"):
        yield "body", NO_BODY, text
    if "body_text" in expect:
        yield "body", expect["body_text"], text
    if "body" in expect:
        yield "body", expect["body"], body
    for name, value in expect.get("body_includes", {}).items():
        yield f"body.{name}", value, body.get(name)
    if "error" in expect:
        yield "keys of the error", ERROR_KEYS, list(body)
        yield "code of the error", expect["error"], body.get("code")
        yield "traceId of the error", answer["headers"]["traceparent"].split("-")[1], body.get("traceId")
        yield "header content-type", "application/json", answer["headers"].get("content-type")
    for unwanted in expect.get("message_lacks", []):
        yield f"body contains {unwanted}", False, unwanted in text


def parse(text: str) -> Any:
    """Return the JSON of a body. Text that is not JSON is put into an object, so that a test can show it."""
    try:
        return json.loads(text)
    except ValueError:
        return {"not JSON": text}
