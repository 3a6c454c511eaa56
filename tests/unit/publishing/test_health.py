from __future__ import annotations

from datetime import UTC, datetime

import pytest

from builder.publishing.api_values import SystemProperties
from builder.publishing.remote.health import judge_clock, judge_release

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("version", "state"),
    [
        ("2.3.6", "problem"),
        ("2.3.7", "ok"),
        ("2.4.2", "ok"),
        ("2.4.3", "warning"),
        ("3.0", "warning"),
        ("v2.4.1-SNAPSHOT", "ok"),
        ("", "warning"),
        ("next", "warning"),
    ],
)
def test_a_release_is_compared_with_the_reviewed_ones(version: str, state: str) -> None:
    assert judge_release(SystemProperties(version=version, server_time=None)).state == state


@pytest.mark.parametrize(("skew", "state"), [(0, "ok"), (60, "ok"), (-61, "warning"), (7200, "warning")])
def test_clocks_may_differ_by_a_minute(skew: int, state: str) -> None:
    check = judge_clock(SystemProperties(version="", server_time=NOW.timestamp() - skew), NOW)

    assert check.state == state
    assert ("ahead" in check.message) == (skew > 60)
    assert ("behind" in check.message) == (skew < -60)
