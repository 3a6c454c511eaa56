"""Which runs a stretch of time has, and a clock that can be moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sandbox.clock import AdjustableClock
from sandbox.cron.cron_calls import CronRun, scheduled_event
from sandbox.cron.cron_scheduler import RUNS_MAX, PluginSchedule, due_runs

MORNING = datetime(2026, 1, 1, 2, tzinfo=UTC)
SCHEDULES = [
    PluginSchedule(plugin="Plugin-b", schedule="0 2 * * ? *", enabled=True),
    PluginSchedule(plugin="Plugin-a", schedule="0/30 2 * * ? *", enabled=True),
    PluginSchedule(plugin="Plugin-off", schedule="* * * * ? *", enabled=False),
]


class FixedClock:
    def now(self) -> datetime:
        return MORNING


def test_runs_of_all_enabled_plugins_come_in_the_order_of_their_times() -> None:
    runs = due_runs(SCHEDULES, MORNING - timedelta(hours=1), MORNING + timedelta(hours=1))

    assert [(run.time.minute, run.plugin) for run in runs] == [(0, "Plugin-a"), (0, "Plugin-b"), (30, "Plugin-a")]


def test_a_run_is_due_once() -> None:
    assert due_runs(SCHEDULES[:1], MORNING - timedelta(seconds=1), MORNING) != []
    assert due_runs(SCHEDULES[:1], MORNING, MORNING + timedelta(minutes=1)) == []
    assert due_runs(SCHEDULES[:1], MORNING, MORNING - timedelta(days=1)) == [], "the clock was set back"


def test_a_virtual_year_has_every_run_and_no_drift() -> None:
    daily = [PluginSchedule(plugin="Plugin-a", schedule="17 5 * * ? *", enabled=True)]
    start, found = datetime(2028, 1, 1, tzinfo=UTC), []
    for _ in range(366 * 4):
        end = start + timedelta(hours=6)
        found += [run.time for run in due_runs(daily, start, end)]
        start = end

    assert found == [datetime(2028, 1, 1, 5, 17, tzinfo=UTC) + timedelta(days=day) for day in range(366)]


def test_one_move_makes_a_bounded_number_of_runs() -> None:
    every_minute = [PluginSchedule(plugin="Plugin-a", schedule="* * * * ? *", enabled=True)]

    assert len(due_runs(every_minute, MORNING, MORNING + timedelta(days=365))) == RUNS_MAX


def test_a_clock_goes_on_from_where_it_was_moved_and_can_follow_again() -> None:
    clock = AdjustableClock(FixedClock())
    clock.move_to(MORNING + timedelta(days=1))

    assert clock.now() == MORNING + timedelta(days=1)
    clock.reset()
    assert clock.now() == MORNING


def test_the_rule_of_an_event_is_named_after_the_plugin() -> None:
    event = scheduled_event(CronRun(plugin="Plugin-age", schedule="", time=MORNING))

    assert event["time"] == "2026-01-01T02:00:00Z"
    assert event["resources"] == ["arn:aws:events:eu-central-1:123456789012:rule/Plugin-age-Schedule"]
