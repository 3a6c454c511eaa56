"""The kit accepts the cron schedules that BioT's pattern accepts and the calendar has: two hundred thousand of them."""

from __future__ import annotations

from tests.unit.manifest.test_cron_pattern import compare_expressions


def test_two_hundred_thousand_expressions() -> None:
    compare_expressions(200_000, seed=1)
