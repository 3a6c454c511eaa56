"""A ``cronSchedule`` in words, and its next runs. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING

from builder.manifest.rules.cron_schedule import schedule_problem
from builder.platform.schedule import DAY_OF_WEEK, HOURS, MINUTES, MONTH, YEAR
from sandbox.cron.cron_expression import parse_cron

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from builder.platform.schedule import CronField
    from sandbox.cron.cron_expression import CronExpression

_TIMES_NAMED = 6
_RUN_OF_THREE = 3
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_ORDINALS = ("first", "second", "third", "fourth", "fifth")


@dataclass(frozen=True, kw_only=True, slots=True)
class SchedulePreview:
    """What a schedule means.

    Attributes:
        problem: Why it cannot be used; empty if it can.
        words: When it runs, as a sentence without its full stop; empty with a problem.
        runs: Its next runs, in UTC.
    """

    problem: str = ""
    words: str = ""
    runs: tuple[datetime, ...] = ()


def preview_schedule(schedule: str, now: datetime, count: int) -> SchedulePreview:
    """Return the meaning of a schedule, or its problem.

    Args:
        schedule: As somebody types it.
        now: The runs are after this time.
        count: How many of them.
    """
    if problem := schedule_problem(schedule):
        return SchedulePreview(problem=problem)
    runs = tuple(islice(parse_cron(schedule).runs_after(now), count))
    return SchedulePreview(words=schedule_words(schedule), runs=runs)


def schedule_words(schedule: str) -> str:
    """Return when a valid schedule runs: ``At 08:00 UTC, from Monday to Friday in January``."""
    expression = parse_cron(schedule)
    when = _days(expression)
    if len(expression.months) < MONTH.high:
        when += f" in {_list(_named(sorted(expression.months), _MONTHS, MONTH.low))}"
    if len(expression.years) <= YEAR.high - YEAR.low:
        years = _list(_numbers(expression.years))
        joint = "from" if " to " in years else "of" if len(expression.months) < MONTH.high else "in"
        when += f" {joint} {years}"
    return f"{_times(expression)}, {when}"


def _times(expression: CronExpression) -> str:
    minutes, hours = expression.minutes, expression.hours
    if len(minutes) * len(hours) <= _TIMES_NAMED:
        return f"At {_list([f'{hour:02}:{minute:02}' for hour, minute in product(hours, minutes)])} UTC"
    every = _steps(MINUTES, minutes, "minute") or f"At minute{_plural(minutes)} {_list(_numbers(minutes))}"
    if len(hours) > HOURS.high:
        return every if every.startswith("Every") else f"{every} of every hour"
    if stepped := _steps(HOURS, hours, "hour"):
        return f"{every} of {stepped.lower()} UTC"
    return f"{every} of the hour{_plural(hours)} {_list(_numbers(hours))} UTC"


def _steps(field: CronField, values: Sequence[int], name: str) -> str:
    """Return ``Every 5 minutes`` for values at one distance over the whole range; otherwise nothing."""
    step = values[1] - values[0] if len(values) > 1 else 0
    if not step or values[0] != field.low or list(values) != list(range(field.low, field.high + 1, step)):
        return ""
    return f"Every {name}" if step == 1 else f"Every {step} {name}s"


def _days(expression: CronExpression) -> str:
    if "*" in {expression.day_of_month, expression.day_of_week}:
        return "every day"
    if expression.day_of_week == "?":
        days = _list([_day_of_month(element) for element in expression.day_of_month.split(",")])
        return f"{'' if days.startswith('every') else 'on '}{days} of the month"
    return _weekdays(expression.day_of_week)


def _day_of_month(element: str) -> str:
    if element == "L":
        return "the last day"
    if element == "LW":
        return "the last working day"
    if element.startswith("L-"):
        days = int(element[2:])
        return f"the day {days} day{'' if days == 1 else 's'} before the last"
    if element.endswith("W"):
        return f"the working day nearest to day {element.removesuffix('W')}"
    first, _, step = element.partition("/")
    if step:
        return f"every {step} days from day {'1' if first == '*' else first}"
    return f"days {first.replace('-', ' to ')}" if "-" in first else f"day {first}"


def _weekdays(text: str) -> str:
    names: list[str] = []
    for element in text.split(","):
        if match := re.fullmatch(r"(\w+)#(\d)", element):
            names.append(f"the {_ORDINALS[int(match[2]) - 1]} {_weekday(match[1])} of the month")
        elif element == "L":
            names.append(_WEEKDAYS[-1])
        elif element.endswith("L"):
            names.append(f"the last {_weekday(element.removesuffix('L'))} of the month")
        elif match := re.fullmatch(r"(\w+)-(\w+)", element):
            names.append(f"{_weekday(match[1])} to {_weekday(match[2])}")
        elif "/" in element:
            first, _, step = element.partition("/")
            days = range(DAY_OF_WEEK.low if first == "*" else _number(first), DAY_OF_WEEK.high + 1, int(step))
            names += [_WEEKDAYS[day - DAY_OF_WEEK.low] for day in days]
        else:
            names.append(_weekday(element))
    return f"from {names[0]}" if "-" in text and len(names) == 1 else f"on {_list(names)}"


def _weekday(text: str) -> str:
    return _WEEKDAYS[_number(text) - DAY_OF_WEEK.low]


def _number(text: str) -> int:
    return DAY_OF_WEEK.words.index(text) + DAY_OF_WEEK.low if text in DAY_OF_WEEK.words else int(text)


def _named(values: Sequence[int], names: Sequence[str], low: int) -> list[str]:
    return [names[value - low] for value in values]


def _numbers(values: Sequence[int]) -> list[str]:
    """Return numbers as texts; three or more in a row become a range."""
    if len(values) >= _RUN_OF_THREE and values[-1] - values[0] == len(values) - 1:
        return [f"{values[0]} to {values[-1]}"]
    return [str(value) for value in values]


def _list(texts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))


def _plural(values: Sequence[int]) -> str:
    return "" if len(values) == 1 else "s"
