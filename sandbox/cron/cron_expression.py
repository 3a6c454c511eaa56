"""The runs of a ``cronSchedule``: AWS EventBridge's six fields, in UTC.

The grammar is BioT's (``builder.manifest.rules.cron_schedule``); what it means is AWS's: "Cron expressions" in the
EventBridge user guide (read on 2026-11-28). In day-of-week, 1 is Sunday. ``L`` is the last day: of the month, or in
day-of-week Saturday; ``6L`` is the last Friday of a month, ``6#3`` its third one. ``15W`` is the working day nearest to
the 15th within the month; ``LW`` is the last working day. A day that a month does not have is skipped.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from builder.platform.schedule import DAY_OF_MONTH, DAY_OF_WEEK, HOURS, MINUTES, MONTH, YEAR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.platform.schedule import CronField

_SATURDAY, _SUNDAY = 5, 6
"""As Python counts weekdays, from Monday as 0."""
_DAYS_OF_WEEK = 7
_ELEMENT = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?")


@dataclass(frozen=True, kw_only=True, slots=True)
class CronExpression:
    """A parsed schedule.

    Attributes:
        minutes: The minutes, in ascending order.
        hours: The hours, in ascending order.
        months: The months.
        years: The years, in ascending order.
        day_of_month: The field as text; ``?`` when days of the week count.
        day_of_week: The field as text; ``?`` when days of the month count.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: tuple[int, ...]
    day_of_month: str
    day_of_week: str

    def runs_after(self, moment: datetime) -> Iterator[datetime]:
        """Yield the runs after a moment, in order, in UTC."""
        moment = moment.astimezone(UTC)
        start = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        for year in self.years:
            if year < start.year:
                continue
            for month in range(1, 13):
                if month in self.months and (year, month) >= (start.year, start.month):
                    yield from self._runs_of_month(year, month, start)

    def _runs_of_month(self, year: int, month: int, start: datetime) -> Iterator[datetime]:
        for day in self._days(year, month):
            if (year, month, day) < (start.year, start.month, start.day):
                continue
            for hour in self.hours:
                for minute in self.minutes:
                    run = datetime(year, month, day, hour, minute, tzinfo=UTC)
                    if run >= start:
                        yield run

    def _days(self, year: int, month: int) -> list[int]:
        if self.day_of_week == "?":
            return _days_of_month(self.day_of_month, year, month)
        return _days_by_weekday(self.day_of_week, year, month)


@lru_cache(maxsize=256)
def parse_cron(text: str) -> CronExpression:
    """Parse a schedule that ``builder.manifest.rules.cron_schedule`` accepts."""
    minutes, hours, day_of_month, month, day_of_week, year = text.split()
    return CronExpression(
        minutes=_values(MINUTES, minutes),
        hours=_values(HOURS, hours),
        months=frozenset(_values(MONTH, month)),
        years=_values(YEAR, year),
        day_of_month=day_of_month,
        day_of_week=day_of_week,
    )


def _values(field: CronField, text: str) -> tuple[int, ...]:
    """Return the numbers that a field allows, in ascending order."""
    return tuple(sorted({value for element in text.split(",") for value in _element_values(field, element)}))


def _element_values(field: CronField, element: str) -> range:
    match = _ELEMENT.fullmatch(element)
    if match is None:
        msg = f"{element} is not valid for {field.name}"
        raise ValueError(msg)
    first = field.low if match["first"] == "*" else _number(field, match["first"])
    if match["last"]:
        last = _number(field, match["last"])
    else:
        last = field.high if match["first"] == "*" or match["step"] else first
    return range(first, last + 1, int(match["step"] or 1))


def _number(field: CronField, text: str) -> int:
    return field.words.index(text) + field.low if text in field.words else int(text)


def _days_of_month(text: str, year: int, month: int) -> list[int]:
    last = calendar.monthrange(year, month)[1]
    days: set[int] = set()
    for element in text.split(","):
        days |= (
            _special_days(element, year, month)
            if {"L", "W"} & set(element)
            else set(_element_values(DAY_OF_MONTH, element))
        )
    return sorted(day for day in days if 1 <= day <= last)


def _special_days(element: str, year: int, month: int) -> set[int]:
    last = calendar.monthrange(year, month)[1]
    if element == "L":
        return {last}
    if element == "LW":
        return {_nearest_weekday(last, year, month)}
    if element.startswith("L-"):
        return {last - int(element[2:])}
    day = int(element.removesuffix("W"))
    return {_nearest_weekday(day, year, month)} if day <= last else set()


def _nearest_weekday(day: int, year: int, month: int) -> int:
    """Return the working day nearest to a day, in the same month."""
    weekday, last = calendar.weekday(year, month, day), calendar.monthrange(year, month)[1]
    if weekday == _SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == _SUNDAY:
        return day + 1 if day < last else day - 2
    return day


def _days_by_weekday(text: str, year: int, month: int) -> list[int]:
    last = calendar.monthrange(year, month)[1]
    days: set[int] = set()
    for element in text.split(","):
        if "#" in element:
            name, _, number = element.partition("#")
            days |= set(_dates(name, year, month)[int(number) - 1 :][:1])
        elif element.endswith("L") and element != "L":
            days |= set(_dates(element.removesuffix("L"), year, month)[-1:])
        else:
            numbers = [DAY_OF_WEEK.high] if element == "L" else _element_values(DAY_OF_WEEK, element)
            days |= {day for number in numbers for day in _dates(str(number), year, month)}
    return sorted(day for day in days if day <= last)


def _dates(weekday: str, year: int, month: int) -> list[int]:
    """Return the days of a month that are a weekday."""
    wanted = (_number(DAY_OF_WEEK, weekday) + 5) % _DAYS_OF_WEEK  # 1 is Sunday, and Python's Sunday is 6
    first = (wanted - calendar.weekday(year, month, 1)) % _DAYS_OF_WEEK + 1
    return list(range(first, calendar.monthrange(year, month)[1] + 1, _DAYS_OF_WEEK))
