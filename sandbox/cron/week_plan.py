"""The runs of all schedules in one week, which of them overlap, and which take longer than their interval. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from sandbox.cron.cron_calls import CronRun

DAYS = 7
_NAMED_MAX = 6
"""A day with more runs is shown as their number, with the first and the last."""
_SHORTEST = timedelta(seconds=1)
"""How long a run takes that was never recorded: two runs of one minute overlap."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedRun:
    """One run in the week.

    Attributes:
        time: When it begins.
        overlaps: The other plugins that run at the same time.
    """

    time: datetime
    overlaps: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedDay:
    """The runs of one plugin on one day.

    Attributes:
        runs: Those that are shown: all, or the first and the last.
        count: The number of all.
        overlaps: Whether one of them overlaps a run of another plugin.
    """

    runs: tuple[PlannedRun, ...]
    count: int
    overlaps: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedWeek:
    """The runs of one plugin.

    Attributes:
        plugin: Its full name.
        days: One entry for each day.
        longest: The longest recorded run in milliseconds; None without one.
        interval: The shortest time between two runs; None with fewer than two.
        is_too_long: Whether a run may still go on when the next one begins.
    """

    plugin: str
    days: tuple[PlannedDay, ...]
    longest: float | None
    interval: timedelta | None
    is_too_long: bool


def dates_of_week(start: datetime) -> tuple[date, ...]:
    """Return the days that the plan shows."""
    return tuple((start + timedelta(days=number)).date() for number in range(DAYS))


def plan_week(runs: Sequence[CronRun], start: datetime, longest: Mapping[str, float]) -> tuple[PlannedWeek, ...]:
    """Return the week of every plugin that runs in it.

    Args:
        runs: All runs of the week, in order.
        start: The beginning of the first day.
        longest: The longest recorded run of each plugin, in milliseconds.
    """
    overlaps = _overlaps(runs, longest)
    by_plugin: dict[str, list[PlannedRun]] = {}
    for number, run in enumerate(runs):
        planned = PlannedRun(time=run.time, overlaps=tuple(sorted(overlaps.get(number, ()))))
        by_plugin.setdefault(run.plugin, []).append(planned)
    return tuple(_week(plugin, own, start, longest.get(plugin)) for plugin, own in sorted(by_plugin.items()))


def _week(plugin: str, runs: Sequence[PlannedRun], start: datetime, longest: float | None) -> PlannedWeek:
    interval = min((later.time - earlier.time for earlier, later in pairwise(runs)), default=None)
    too_long = longest is not None and interval is not None and timedelta(milliseconds=longest) > interval
    days = [_day([run for run in runs if run.time.date() == day]) for day in dates_of_week(start)]
    return PlannedWeek(plugin=plugin, days=tuple(days), longest=longest, interval=interval, is_too_long=too_long)


def _day(runs: Sequence[PlannedRun]) -> PlannedDay:
    shown = runs if len(runs) <= _NAMED_MAX else (runs[0], runs[-1])
    return PlannedDay(runs=tuple(shown), count=len(runs), overlaps=any(run.overlaps for run in runs))


def _overlaps(runs: Sequence[CronRun], longest: Mapping[str, float]) -> dict[int, set[str]]:
    """Return the other plugins that each run overlaps, by the number of the run."""
    found: dict[int, set[str]] = {}
    open_runs: list[tuple[datetime, int]] = []
    for number, run in enumerate(runs):
        open_runs = [(end, other) for end, other in open_runs if end > run.time]
        for _, other in open_runs:
            if runs[other].plugin != run.plugin:
                found.setdefault(number, set()).add(runs[other].plugin)
                found.setdefault(other, set()).add(run.plugin)
        length = max(_SHORTEST, timedelta(milliseconds=longest.get(run.plugin, 0)))
        open_runs.append((run.time + length, number))
    return found
