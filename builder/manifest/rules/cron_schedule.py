from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.manifest.finding import Finding, shorten
from builder.platform.schedule import CRON_FIELDS, DAY_OF_MONTH, DAY_OF_WEEK, OCCURRENCES_MAX, CronField

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject

_EXAMPLE = 'For example cronSchedule = "0 2 * * ? *": every day at 02:00 UTC.'
_ANY = "?"
_SPACED = r"\S+(?: +\S+)*"
_ELEMENT = r"(?P<first>\*|[0-9]+|[A-Z]+)(?:-(?P<last>[0-9]+|[A-Z]+))?(?:/(?P<step>[0-9]+))?"
_OCCURRENCE = r"(?P<day>[1-9]|[A-Z]{3})#(?P<number>[0-9])"
_LAST_WEEKDAY = r"(?P<day>[0-9]|[A-Z]{3})L"
_NEAREST_WEEKDAY = r"(?P<day>[0-9]{1,2})W"
_BEFORE_LAST = r"L-(?P<days>[1-9][0-9]?)"
# Keeps int() from reading thousands of digits.
_STEP_DIGITS = 4


def check(subject: Subject) -> Iterator[Finding]:
    """A schedule has EventBridge's six fields, each in BioT's grammar and within its range."""
    if "cronSchedule" not in subject.table:
        return
    schedule = subject.text("cronSchedule")
    if message := schedule_problem(schedule):
        yield Finding(path=("cronSchedule",), message=message, hint=_EXAMPLE)


def schedule_problem(schedule: str) -> str:
    """Why a schedule cannot be used; empty if it can."""
    if schedule.startswith(("cron", "rate")):
        return "Write only the six fields, without cron( ); rate( ) is not supported."
    if not re.fullmatch(_SPACED, schedule):
        return "Separate the fields with spaces only: no tabs, no line breaks, no space at either end."
    fields = schedule.split()
    if len(fields) != len(CRON_FIELDS):
        return (
            f"A schedule has six fields ({', '.join(field.name for field in CRON_FIELDS)}); this one has {len(fields)}."
        )
    texts = dict(zip(CRON_FIELDS, fields, strict=True))
    if (texts[DAY_OF_MONTH] == _ANY) == (texts[DAY_OF_WEEK] == _ANY):
        return "Exactly one of day-of-month and day-of-week must be ?."
    problems = (_field_problem(field, text) for field, text in texts.items())
    return next((problem for problem in problems if problem), "")


def _field_problem(field: CronField, text: str) -> str:
    if text == _ANY:
        return "" if field in {DAY_OF_MONTH, DAY_OF_WEEK} else f"{field.name} must not be ?; write * for every value."
    if "#" in text:
        return _occurrence_problem(field, text)
    problems = (_element_problem(field, element) for element in text.split(","))
    return next((problem for problem in problems if problem), "")


def _occurrence_problem(field: CronField, text: str) -> str:
    match = re.fullmatch(_OCCURRENCE, text)
    if field is not DAY_OF_WEEK or not match:
        return f"{shorten(text)} is not valid for {field.name}; use # alone in day-of-week: 2#1 is the first Monday."
    if not 1 <= int(match["number"]) <= OCCURRENCES_MAX:
        return f"{shorten(text)} is not valid for {field.name}; the number after # must be 1 to {OCCURRENCES_MAX}."
    return _value_problem(field, match["day"])


def _element_problem(field: CronField, element: str) -> str:
    special = _special_problem(field, element)
    if special is not None:
        return special
    match = re.fullmatch(_ELEMENT, element)
    if not match or (match["first"] == "*" and match["last"]):
        capitals = "; write names in capital letters" if element.upper() in field.words else ""
        return f"{shorten(element) or 'An empty entry'} is not valid for {field.name}{capitals}."
    if match["last"] and match["step"] and not field.stepped_range:
        return f"{shorten(element)} is not valid for {field.name}: BioT allows no step after a range; list the values."
    values = [value for value in (match["first"], match["last"]) if value and value != "*"]
    problems = [*(_value_problem(field, value) for value in values), _step_problem(field, match["step"])]
    problem = next((problem for problem in problems if problem), "")
    if not problem and match["last"] and _number(field, match["first"]) > _number(field, match["last"]):
        return f"The range {shorten(element)} ends before it begins; write two ranges with a comma between them."
    return problem


def _special_problem(field: CronField, element: str) -> str | None:
    """What is wrong with an element with the letter L or W; None if it is not one (JUL and WED are names)."""
    if field is DAY_OF_WEEK:
        last = re.fullmatch(_LAST_WEEKDAY, element)
        return _value_problem(field, last["day"]) if last else "" if element == "L" else None
    if field is not DAY_OF_MONTH or not {"L", "W"} & set(element):
        return None
    if nearest := re.fullmatch(_NEAREST_WEEKDAY, element):
        return _value_problem(field, nearest["day"])
    before = re.fullmatch(_BEFORE_LAST, element)
    if element in {"L", "LW"} or (before and 1 <= int(before["days"]) < field.high):
        return ""
    return f"{shorten(element)} is not valid for {field.name}; the forms with letters are L, LW, L-3 and 15W."


def _value_problem(field: CronField, value: str) -> str:
    if value in field.words:
        return ""
    if not value.isdigit():
        names = f" or {field.words[0]} to {field.words[-1]} in capital letters" if field.words else ""
        return f"{shorten(value)} is not valid for {field.name}: use {field.low} to {field.high}{names}."
    if len(value) <= field.digits and field.low <= int(value) <= field.high:
        return _leading_zero_problem(field, value)
    extra = "; 1 is Sunday" if field is DAY_OF_WEEK else ""
    return f"{shorten(value)} is not valid for {field.name}: use {field.low} to {field.high}{extra}."


def _leading_zero_problem(field: CronField, value: str) -> str:
    if field.leading_zero or value == str(int(value)):
        return ""
    return f"{value} is not valid for {field.name}: write {int(value)}, without a leading zero."


def _step_problem(field: CronField, step: str | None) -> str:
    if step is None or (len(step) <= _STEP_DIGITS and 1 <= int(step) <= field.high):
        return ""
    return f"/{shorten(step)} is not a valid step for {field.name}: use 1 to {field.high}."


def _number(field: CronField, value: str) -> int:
    return field.words.index(value) + field.low if value in field.words else int(value)
