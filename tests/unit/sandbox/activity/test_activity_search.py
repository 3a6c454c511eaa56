"""Searches of the activity as conditions, and what is never kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from sandbox.activity.activity_search import activity_query
from sandbox.activity.chain_documents import describe_step, without_tokens
from sandbox.hooks.hook_reports import ChainStep
from sandbox.hooks.hook_requests import HookRequest
from sandbox.hooks.rules.hook_answers import EndpointAnswer
from sandbox.web.biot_errors import ApiError

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
TOKEN = "eyJhbGciOiJSUzUxMiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


def test_every_filter_becomes_a_condition_with_parameters() -> None:
    wanted = {"plugin": "age", "hook": "pre_request", "kind": "api", "trace": "t", "text": "Ann", "limit": "7"}
    query = activity_query(wanted, NOW)

    assert query.parameters == ("age", "Plugin-age", "PRE_REQUEST", "api", "t", "Ann", "Ann")
    assert query.where.count("?") == len(query.parameters)
    assert query.limit == 7
    assert activity_query({}, NOW).where == "TRUE"


@pytest.mark.parametrize(
    ("status", "where", "parameters"),
    [("201", "status = ?", (201,)), ("4xx", "status / 100 = ?", (4,)), ("failed", "failed", ())],
)
def test_a_status_is_one_a_class_or_failed(status: str, where: str, parameters: tuple[int, ...]) -> None:
    query = activity_query({"status": status}, NOW)

    assert (query.where, query.parameters) == (where, parameters)


@pytest.mark.parametrize(
    ("since", "moment"),
    [
        ("10m", "2026-01-02T11:50:00.000Z"),
        ("1d", "2026-01-01T12:00:00.000Z"),
        ("2026-01-01", "2026-01-01T00:00:00.000Z"),
        ("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00.000Z"),
    ],
)
def test_since_is_a_duration_or_a_time(since: str, moment: str) -> None:
    assert activity_query({"since": since}, NOW).parameters == (moment,)


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        ({"plugn": "age"}, "There is no filter plugn."),
        ({"status": "6xx"}, "status must be"),
        ({"since": "yesterday"}, "since must be"),
        ({"since": "999999d"}, "since must be"),
        ({"limit": "0"}, "limit must be"),
        ({"limit": "1001"}, "limit must be"),
        ({"limit": "x"}, "limit must be"),
    ],
)
def test_a_malformed_filter_is_refused(wanted: dict[str, str], what: str) -> None:
    with pytest.raises(ApiError, match=what):
        activity_query(wanted, NOW)


def test_no_token_is_kept_wherever_it_is() -> None:
    request = {"headers": {"authorization": f"Bearer {TOKEN}"}, "list": [f"x {TOKEN} y"]}
    body = json.dumps({"jwt": TOKEN, "request": request})
    step = ChainStep(
        chain_id="c",
        name="PRE_REQUEST",
        request=HookRequest(headers={"authorization": f"Bearer {TOKEN}", "cookie": "secret"}, body=body.encode()),
        answer=EndpointAnswer(status=200, headers={"set-cookie": "a=b"}, body=f"not JSON {TOKEN}".encode()),
        started=NOW,
        milliseconds=1,
    )
    document = describe_step(step)

    assert "eyJ" not in repr(document)
    assert document["request"] == {
        "size": len(step.request.body),
        "token": {"sub": "1"},
        "headers": {"authorization": "Bearer <token>", "cookie": "<token>"},
        "body": {
            "jwt": "<token>",
            "request": {"headers": {"authorization": "Bearer <token>"}, "list": ["x <token> y"]},
        },
    }
    assert without_tokens("eyJ is no token") == "eyJ is no token"


def test_a_large_body_is_cut_and_its_size_kept() -> None:
    step = ChainStep(
        chain_id="c",
        name="API",
        request=HookRequest(headers={}, body=b"x" * 2_000_000),
        answer=None,
        started=NOW,
        milliseconds=1,
    )

    assert str(describe_step(step)["request"]).count("x") == 1000
    assert "… (2000000 bytes)" in str(describe_step(step)["request"])
