"""What the page of a chain shows: points that can be compared, a waterfall, and copies of the call."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from sandbox.activity.step_changes import step_changes
from sandbox.console.chain_pages.chain_points import chain_points, comparable_values, default_points, known_changes
from sandbox.console.chain_pages.chain_timeline import chain_timeline
from sandbox.console.chain_pages.copied_calls import copied_calls
from sandbox.console.recorded_text import beginning_of_text, exact_text
from sandbox.json_diff import diff


def step(name: str, second: float, milliseconds: float, **more: object) -> dict[str, Any]:
    message: dict[str, object] = {"headers": {}, "body": None}
    start = f"2026-01-31T08:00:{second:09.6f}+00:00"
    values: dict[str, object] = {
        "name": name,
        "listener": "",
        "startTime": start,
        "milliseconds": milliseconds,
        "request": message,
    }
    return {**values, "response": {**message, "status": 200}, "failed": False, "problem": "", "function": None, **more}


def chain(*steps: dict[str, Any], **more: object) -> dict[str, Any]:
    return {
        "number": 12,
        "kind": "api",
        "title": "POST /organization/v1/users/patients?limit=1",
        "entityTypeName": "patient",
        "actionName": "_create",
        "startTime": "2026-01-31T08:00:00+00:00",
        "milliseconds": 100.0,
        "request": {"headers": {"content-type": "application/json", "host": "x"}, "body": {"name": "it's"}},
        "response": {"status": 201, "headers": {}, "body": {"_id": "1"}},
        "steps": list(steps),
        **more,
    }


def pre_request(**answer: object) -> dict[str, Any]:
    sent = {"request": {"path": "/p", "headers": {}, "body": {"a": 1}}}
    return step(
        "PRE_REQUEST",
        0,
        10,
        listener="Plugin-a",
        request={"headers": {}, "body": sent},
        response={"status": 200, "headers": {}, "body": {"request": answer}},
    )


def test_every_message_of_a_chain_is_a_point() -> None:
    points = chain_points(chain(pre_request(body={"a": 2}), step("API", 0.01, 10)))

    assert [point.key for point in points] == ["request", "1-event", "1-answer", "2-event", "2-answer", "response"]
    assert points[1].label == "1. PRE_REQUEST Plugin-a: what it received"


def test_what_an_answer_leaves_out_stays_as_it_was() -> None:
    answered = chain_points(chain(pre_request(body={"a": 2})))[2].value

    assert answered == {"path": "/p", "headers": {}, "body": {"a": 2}}


def test_the_first_step_that_can_change_something_is_compared_first() -> None:
    assert default_points(chain(step("API", 0, 1), pre_request(body={}))) == ("2-event", "2-answer")
    assert default_points(chain(step("API", 0, 1))) == ("request", "response")


@pytest.mark.parametrize(
    ("event", "answer"),
    [
        ({"path": "/p", "body": {"a": [1, 2]}}, {"body": {"a": [2]}}),
        ({"path": "/p", "body": {"a": 1}}, {"body": None, "path": "/q", "query": {"limit": "1"}}),
        ({"body": {"a": 1}}, {}),
        ({}, {"body": 1}),
        ({"body": True}, "no object"),
        ("no object", {"body": 1}),
    ],
)
def test_what_a_step_changed_is_what_a_comparison_finds(event: object, answer: object) -> None:
    sent = step("API", 0, 1)
    answered = pre_request() | {
        "request": {"headers": {}, "body": {"request": event}},
        "response": {"status": 200, "headers": {}, "body": {"request": answer}},
    }
    one = chain(sent, answered)
    changes = [step_changes(each) for each in one["steps"]]
    points = {point.key: point for point in chain_points(one)}
    first, second = points["2-event"], points["2-answer"]

    known = known_changes(one, first, second, changes)

    assert known in (None, diff(*comparable_values(first.value, second.value)))
    assert (known is None) == (event == {} or "no object" in (event, answer))
    assert known_changes(one, second, first, changes) is None
    assert known_changes(one, points["1-event"], second, changes) is None
    assert known_changes(one, points["request"], points["response"], changes) is None


def test_parts_that_only_one_point_has_are_no_difference() -> None:
    assert comparable_values({"path": "/p", "body": 1}, {"body": 2}) == ({"body": 1}, {"body": 2})
    assert comparable_values({"a": 1}, {"b": 1}) == ({"a": 1}, {"b": 1})
    assert comparable_values(None, {"b": 1}) == (None, {"b": 1})


def test_bars_follow_each_other_and_the_initialisation_is_the_beginning_of_its_bar() -> None:
    cold = step("PRE_REQUEST", 0, 50, function={"initializationMilliseconds": 40.0})
    timeline = chain_timeline(chain(cold, step("API", 0.05, 50)))

    first, second = timeline.bars
    assert (first.left, first.width, first.initialization) == (0.0, 50.0, 40.0)
    assert (second.left, second.width, second.initialization) == (50.0, 50.0, 0.0)
    assert timeline.cuts == ()


def test_idle_time_is_cut() -> None:
    timeline = chain_timeline(chain(step("API", 0, 100), step("NOTIFICATION", 10, 100), milliseconds=100.0))

    (cut,) = timeline.cuts
    assert cut.milliseconds == pytest.approx(9_900)
    assert timeline.bars[0].width == timeline.bars[1].width == 48.0
    assert timeline.bars[1].left == 52.0


def test_calls_of_a_plugin_are_below_the_step_that_made_them() -> None:
    caused = {"number": 13, "title": "GET /x", "startTime": "2026-01-31T08:00:00.060000+00:00", "milliseconds": 20.0}
    timeline = chain_timeline(chain(step("PRE_REQUEST", 0, 50), step("API", 0.05, 50), caused=[caused]))

    assert [[one.call["number"] for one in nested] for nested in timeline.nested] == [[], [13]]
    assert timeline.nested[1][0].bar.left == 60.0


def test_every_bar_stays_inside_the_waterfall() -> None:
    steps = [step("NOTIFICATION", 3.0 * number, 0.001) for number in range(12)]
    for bar in chain_timeline(chain(*steps)).bars:
        assert bar.left >= 0
        assert bar.left + bar.width <= 100.001


def test_a_call_is_copied_as_a_command_with_quoted_values() -> None:
    command, curl = copied_calls(chain(), "http://127.0.0.1:1")

    call = "POST/organization/v1/users/patients?limit=1"
    assert shlex.split(command.text) == ["biot-plugin", "trigger", call, "--data", '{"name":"it\'s"}']
    assert "content-type: application/json" in shlex.split(curl.text)
    assert "host: x" not in shlex.split(curl.text)
    assert curl.text.endswith('--header "authorization: Bearer $TOKEN"')


@pytest.mark.parametrize(
    ("runtime", "words"),
    [
        ("python3.13", 'index.handler(events.example("interceptor_pre_patient_create"), None)'),
        ("nodejs22.x", 'await handler(events.example("interceptor_pre_patient_create"))'),
    ],
)
def test_a_call_of_a_plugin_is_copied_as_a_test_in_its_language(runtime: str, words: str) -> None:
    called = {**pre_request(body={}), "function": {"runtime": runtime}}

    text = copied_calls(chain(called), "http://127.0.0.1:1")[-1].text

    assert words in text
    assert "200" in text


def test_what_a_trigger_cannot_send_is_replayed() -> None:
    assert copied_calls(chain(kind="cron"), "http://127.0.0.1:1")[0].text == "biot-plugin replay 12"


def test_a_message_is_shown_as_it_was_written() -> None:
    assert exact_text({"body": {"a": 1}}) == '{"a":1}'
    assert exact_text({"body": {"a": 1}, "text": '{ "a": 1 }'}) == '{ "a": 1 }'
    assert exact_text({"body": "no JSON"}) == "no JSON"
    assert exact_text({"body": None}) == ""


@pytest.mark.parametrize(
    "body", [{"a": ["é", 1.5, None, True, {"b": "\ud83d\ude00"}]}, ["x" * 50], "text", None, 1.0, {"a": "\ud800"}]
)
def test_the_beginning_of_a_message_is_that_of_its_exact_text(body: object) -> None:
    text = exact_text({"body": body})

    for limit in range(len(text) + 2):
        expected = text if limit >= len(text) else f"{text[:limit]}…"
        assert beginning_of_text({"body": body}, limit) == expected
