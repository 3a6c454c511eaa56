"""A schedule in words with its next runs, and the week of several schedules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sandbox.cron.cron_scheduler import PluginSchedule, due_runs
from sandbox.cron.schedule_words import preview_schedule, schedule_words
from sandbox.cron.week_plan import DAYS, dates_of_week, plan_week

if TYPE_CHECKING:
    from sandbox.cron.cron_calls import CronRun

START = datetime(2026, 11, 30, tzinfo=UTC)  # a Monday
WORDS = {
    "0 8 * * ? *": "At 08:00 UTC, every day",
    "0 8 ? * * *": "At 08:00 UTC, every day",
    "0/5 * * * ? *": "Every 5 minutes, every day",
    "* * * * ? *": "Every minute, every day",
    "5 * * * ? *": "At minute 5 of every hour, every day",
    "0 */6 * * ? *": "At 00:00, 06:00, 12:00 and 18:00 UTC, every day",
    "0/15 8-17 ? * MON-FRI *": "Every 15 minutes of the hours 8 to 17 UTC, from Monday to Friday",
    "10,40 0/2 * JAN ? *": "At minutes 10 and 40 of every 2 hours UTC, every day in January",
    "0 8,20 1,15 * ? *": "At 08:00 and 20:00 UTC, on day 1 and day 15 of the month",
    "0 8 10-15 * ? *": "At 08:00 UTC, on days 10 to 15 of the month",
    "0 8 1/5 * ? *": "At 08:00 UTC, every 5 days from day 1 of the month",
    "15 10 L * ? *": "At 10:15 UTC, on the last day of the month",
    "0 0 LW 1,7 ? 2027": "At 00:00 UTC, on the last working day of the month in January and July of 2027",
    "0 8 15W * ? *": "At 08:00 UTC, on the working day nearest to day 15 of the month",
    "0 8 L-3 * ? *": "At 08:00 UTC, on the day 3 days before the last of the month",
    "0 9 ? * 2#1 *": "At 09:00 UTC, on the first Monday of the month",
    "0 9 ? * FRIL *": "At 09:00 UTC, on the last Friday of the month",
    "0 9 ? * L *": "At 09:00 UTC, on Saturday",
    "0 9 ? * 1/3 *": "At 09:00 UTC, on Sunday, Wednesday and Saturday",
    "0 8 ? * SAT,SUN 2026-2028": "At 08:00 UTC, on Saturday and Sunday from 2026 to 2028",
}


@pytest.mark.parametrize("schedule", WORDS)
def test_a_schedule_in_words(schedule: str) -> None:
    assert schedule_words(schedule) == WORDS[schedule]


def test_a_preview_has_words_and_the_next_runs() -> None:
    preview = preview_schedule("0 8 * * ? *", START, 3)

    assert (preview.problem, preview.words) == ("", "At 08:00 UTC, every day")
    assert [run - START for run in preview.runs] == [timedelta(days=day, hours=8) for day in range(3)]


@pytest.mark.parametrize("schedule", ["", "0 8", "every day", "0 8 * * * *", "99 8 * * ? *"])
def test_a_preview_of_a_wrong_schedule_is_the_problem_that_check_reports(schedule: str) -> None:
    preview = preview_schedule(schedule, START, 5)

    assert preview.problem
    assert (preview.words, preview.runs) == ("", ())


def week_of(**schedules: str) -> list[CronRun]:
    named = [PluginSchedule(plugin=name, schedule=schedule, enabled=True) for name, schedule in schedules.items()]
    return due_runs(named, START - timedelta(minutes=1), START + timedelta(days=DAYS, minutes=-1))


def test_the_week_has_each_run_on_its_day() -> None:
    (week,) = plan_week(week_of(a="0 0,8 ? * MON,SUN *"), START, {})

    assert [day.count for day in week.days] == [2, 0, 0, 0, 0, 0, 2]
    assert [run.time.hour for run in week.days[0].runs] == [0, 8]
    assert week.interval == timedelta(hours=8)
    assert dates_of_week(START)[-1].isoformat() == "2026-12-06"


def test_a_day_with_many_runs_shows_the_first_and_the_last() -> None:
    (week,) = plan_week(week_of(a="0 * * * ? *"), START, {})

    assert week.days[0].count == 24
    assert [run.time.hour for run in week.days[0].runs] == [0, 23]


def test_runs_at_the_same_time_and_runs_that_still_go_on_overlap() -> None:
    runs = week_of(a="0 8 ? * MON *", b="0 8 ? * MON *", c="5 8 ? * MON *", d="20 8 ? * MON *")

    weeks = {week.plugin: week for week in plan_week(runs, START, {"b": 600_000.0})}

    overlaps = {plugin: week.days[0].runs[0].overlaps for plugin, week in weeks.items()}
    assert overlaps == {"a": ("b",), "b": ("a", "c"), "c": ("b",), "d": ()}


def test_a_run_that_takes_longer_than_its_interval_is_marked() -> None:
    runs = week_of(a="0/5 8 ? * MON *")

    assert plan_week(runs, START, {"a": 301_000.0})[0].is_too_long
    assert not plan_week(runs, START, {"a": 299_000.0})[0].is_too_long
