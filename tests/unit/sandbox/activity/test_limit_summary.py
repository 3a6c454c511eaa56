"""Median, 95th percentile and maximum of recorded calls, and which of them Lambda would end."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.activity.limit_summary import percentile, summarize_limits
from sandbox.functions.invocation import LimitedUse

MEGABYTE = 1_048_576


def call(
    number: int, *, memory: float = 50, duration: float = 10, error: str = "", plugin: str = "a"
) -> dict[str, Any]:
    limits = [
        {"what": "duration", "used": duration, "limit": 60_000, "setting": "timeout"},
        {"what": "memory", "used": memory * MEGABYTE, "limit": 128 * MEGABYTE, "setting": "memorySize"},
    ]
    return {"number": number, "plugin": plugin, "errorType": error, "limits": limits}


def test_each_limit_has_median_percentile_and_maximum() -> None:
    (plugin,) = summarize_limits(call(number, duration=number) for number in range(1, 101))

    duration = plugin.limits[0]
    assert (plugin.calls, duration.what, duration.unit) == (100, LimitedUse.DURATION, "ms")
    assert (duration.p50, duration.p95, duration.maximum, duration.limit) == (50, 95, 100, 60_000)
    assert not duration.is_near


@pytest.mark.parametrize(("percent", "value"), [(1, 1), (50, 2), (75, 3), (76, 4), (100, 4)])
def test_a_percentile_is_one_of_the_values(percent: int, value: int) -> None:
    assert percentile([1, 2, 3, 4], percent) == value
    assert percentile([7], percent) == 7


def test_a_call_that_exceeds_a_limit_would_be_killed() -> None:
    calls = [call(1), call(2, memory=129), call(3, error="Sandbox.Timedout", duration=60_000), call(4, memory=128)]

    (plugin,) = summarize_limits(calls)

    duration, memory = plugin.limits
    assert memory.killed == (2,)
    assert duration.killed == (3,)
    assert memory.is_near


def test_a_call_near_a_limit_is_marked_but_not_killed() -> None:
    (plugin,) = summarize_limits([call(1, memory=110)])

    assert plugin.limits[1].is_near
    assert plugin.limits[1].killed == ()


def test_the_allowance_is_that_of_the_newest_call_and_the_nearest_plugin_comes_first() -> None:
    raised = call(2, plugin="b")
    raised["limits"][1]["limit"] = 256 * MEGABYTE

    found = summarize_limits([call(1, plugin="b"), raised, call(3, memory=100)])

    assert [one.plugin for one in found] == ["a", "b"]
    assert found[1].limits[1].limit == 256 * MEGABYTE


def test_calls_that_no_function_here_answered_are_left_out() -> None:
    assert summarize_limits([{**call(1), "limits": []}]) == ()
