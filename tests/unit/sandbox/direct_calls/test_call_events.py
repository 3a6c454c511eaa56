"""The events of direct calls, and what answers to them mean."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from builder.errors import UsageError
from sandbox.direct_calls.call_events import HOOKS, event_body, plugin_events, with_data
from sandbox.direct_calls.call_outcome import outcome_of
from sandbox.functions.invocation import FailureKind, FunctionError, Invocation
from sandbox.hooks.rules.subscription_matching import HookType
from tests.unit.sandbox.functions.test_function_urls import REPORT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("hook", HOOKS)
def test_each_hook_has_an_example_with_the_right_token(hook: str, tmp_path: Path) -> None:
    (event,) = plugin_events(tmp_path / "missing", hook, ())
    asked: list[HookType | None] = []

    def token_for(kind: HookType | None) -> str:
        asked.append(kind)
        return "signed"

    payload = event.payload(token_for).decode()
    assert event.hook == hook
    assert "<token>" not in payload
    kinds = {
        "notification": HookType.NOTIFICATION,
        "interceptor_pre": HookType.PRE_REQUEST,
        "interceptor_post": HookType.POST_REQUEST,
        "interceptor_post_entity": HookType.ADAPT_ENTITY,
    }
    assert asked == ([] if hook == "cron" else [kinds.get(hook)])


@pytest.mark.parametrize(
    ("hook", "place"),
    [
        ("interceptor_pre", ("request", "body")),
        ("interceptor_post", ("response", "body")),
        ("notification", ("data", "entity")),
        ("http", ()),
    ],
)
def test_data_goes_where_the_hook_has_it(hook: str, place: tuple[str, ...], tmp_path: Path) -> None:
    (event,) = plugin_events(tmp_path, hook, ())
    value: object = event_body(with_data(event, {"a": 1}).value)
    for key in place:
        assert isinstance(value, dict)
        value = value[key]

    assert value == {"a": 1}


def test_the_files_of_the_plugin_come_first_and_can_have_any_name(tmp_path: Path) -> None:
    (tmp_path / "saved.json").write_text('{"headers": {"hooktype": "NOTIFICATION"}}')
    (tmp_path / "http.json").write_text("{}")

    assert [event.name for event in plugin_events(tmp_path, None, ("cron",))] == ["http", "saved"]
    (saved,) = plugin_events(tmp_path, "saved", ())
    assert (saved.hook, saved.source) == ("notification", "events/saved.json")
    assert [event.name for event in plugin_events(tmp_path, "nonspecific", ())] == ["http"]
    (tmp_path / "broken.json").write_text("[1]")
    with pytest.raises(UsageError, match="a JSON object is needed"):
        plugin_events(tmp_path, "broken", ())
    with pytest.raises(UsageError, match="no hook and no event file"):
        plugin_events(tmp_path, "unknown", ())


def answered(answer: object, hook: str, tmp_path: Path) -> tuple[str, list[str], bool]:
    (event,) = plugin_events(tmp_path, hook, ())
    invocation = Invocation(request_id="r", payload=json.dumps(answer).encode(), error=None, log=(), report=REPORT)
    outcome = outcome_of(event, invocation)
    return outcome.problem, [".".join(map(str, change.path)) for change in outcome.changes], outcome.refused


def test_only_the_part_that_biot_uses_is_compared(tmp_path: Path) -> None:
    assert answered({"request": {"body": {"_email": "x"}}}, "interceptor_pre", tmp_path) == (
        "",
        ["body._name", "body._email"],
        False,
    )
    assert answered({"statusCode": 200, "body": '{"response": {"entities": []}}'}, "interceptor_post_entity", tmp_path)[
        1
    ] == ["entities.0"]
    assert answered({"statusCode": 403}, "interceptor_pre", tmp_path) == ("", [], True)
    assert answered({"statusCode": 200}, "notification", tmp_path) == ("", [], False)


def test_answers_that_biot_cannot_use_are_failures(tmp_path: Path) -> None:
    assert "no object `request`" in answered("text", "interceptor_pre", tmp_path)[0]
    assert "no object `response`" in answered({"request": {}}, "interceptor_post", tmp_path)[0]
    assert answered({"statusCode": 500}, "notification", tmp_path)[0] == "The plugin answered with the status 500."
    assert "no HTTP response" in answered({"statusCode": "x"}, "http", tmp_path)[0]
    (event,) = plugin_events(tmp_path, "cron", ())
    error = FunctionError(kind=FailureKind.TIMEOUT, error_type="Sandbox.Timedout", error_message="too slow")
    failed = Invocation(request_id="r", payload=b"{}", error=error, log=(), report=replace(REPORT, status="timeout"))
    assert outcome_of(event, failed).problem == "Sandbox.Timedout: too slow"
