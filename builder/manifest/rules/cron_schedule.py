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
# The step's own bound keeps int() from reading thousands of digits.
_STEP_DIGITS = 4


def check(subject: Subject) -> Iterator[Finding]:
    """A schedule has EventBridge's six fields, each within BioT's grammar and within its numbers."""
    if "cronSchedule" not in subject.table:
        return
    schedule = subject.text("cronSchedule")
    if reason := schedule_problem(schedule):
        yield Finding(path=("cronSchedule",), message=reason, hint=_EXAMPLE)


def schedule_problem(schedule: str) -> str:
    """Why a schedule cannot be used, or empty."""
    if schedule.startswith(("cron", "rate")):
        return "Only the six fields are written, without cron( ) around them; rate( ) is not supported."
    if not re.fullmatch(_SPACED, schedule):
        return "Only spaces separate the fields: no tab or line end, and nothing before the first or after the last."
    fields = schedule.split()
    if len(fields) != len(CRON_FIELDS):
        return f"There are {len(fields)} fields where six are needed: {', '.join(field.name for field in CRON_FIELDS)}."
    texts = dict(zip(CRON_FIELDS, fields, strict=True))
    if (texts[DAY_OF_MONTH] == _ANY) == (texts[DAY_OF_WEEK] == _ANY):
        return "Exactly one of day-of-month and day-of-week is ?, which means that the other one decides."
    reasons = (_field_reason(field, text) for field, text in texts.items())
    return next((reason for reason in reasons if reason), "")


def _field_reason(field: CronField, text: str) -> str:
    if text == _ANY:
        return "" if field in {DAY_OF_MONTH, DAY_OF_WEEK} else f"{field.name} cannot be ?; write * for every one."
    if "#" in text:
        return _occurrence_reason(field, text)
    reasons = (_element_reason(field, element) for element in text.split(","))
    return next((reason for reason in reasons if reason), "")


def _occurrence_reason(field: CronField, text: str) -> str:
    found = re.fullmatch(_OCCURRENCE, text)
    if field is not DAY_OF_WEEK or not found:
        return f"{shorten(text)} is not a {field.name}; # stands alone in day-of-week, as in 2#1 for the first Monday."
    if not 1 <= int(found["number"]) <= OCCURRENCES_MAX:
        return f"{shorten(text)} asks for the {found['number']}. time in a month; 1 to 5 are possible."
    return _value_reason(field, found["day"])


def _element_reason(field: CronField, element: str) -> str:
    special = _special_reason(field, element)
    if special is not None:
        return special
    found = re.fullmatch(_ELEMENT, element)
    if not found or (found["first"] == "*" and found["last"]):
        return f"{shorten(element) or 'An empty entry'} is not a {field.name} of the cron syntax."
    if found["last"] and found["step"] and not field.stepped_range:
        return f"{shorten(element)}: BioT takes no step after a range in {field.name}; list the values instead."
    values = [value for value in (found["first"], found["last"]) if value and value != "*"]
    reasons = [*(_value_reason(field, value) for value in values), _step_reason(field, found["step"])]
    reason = next((reason for reason in reasons if reason), "")
    if not reason and found["last"] and _number(field, found["first"]) > _number(field, found["last"]):
        return f"{shorten(element)} ends before it begins; write it as two ranges with a comma between them."
    return reason


def _special_reason(field: CronField, element: str) -> str | None:
    """The reason against an element with the letters L or W, or None when it is not one (JUL and WED are names)."""
    if field is DAY_OF_WEEK:
        last = re.fullmatch(_LAST_WEEKDAY, element)
        return _value_reason(field, last["day"]) if last else "" if element == "L" else None
    if field is not DAY_OF_MONTH or not {"L", "W"} & set(element):
        return None
    if nearest := re.fullmatch(_NEAREST_WEEKDAY, element):
        return _value_reason(field, nearest["day"])
    before = re.fullmatch(_BEFORE_LAST, element)
    if element in {"L", "LW"} or (before and 1 <= int(before["days"]) < field.high):
        return ""
    return f"{shorten(element)} is not a {field.name}; L, LW, L-3 and 15W are the forms with letters."


def _value_reason(field: CronField, value: str) -> str:
    if value in field.words:
        return ""
    if not value.isdigit():
        names = f" or {field.words[0]} to {field.words[-1]}, in capitals" if field.words else ""
        return f"{shorten(value)} is not a {field.name}: {field.low} to {field.high}{names}."
    if len(value) <= field.digits and field.low <= int(value) <= field.high:
        return _zero_reason(field, value)
    extra = "; 1 is Sunday" if field is DAY_OF_WEEK else ""
    return f"{shorten(value)} is out of bounds for {field.name}: {field.low} to {field.high}{extra}."


def _zero_reason(field: CronField, value: str) -> str:
    if field.leading_zero or value == str(int(value)):
        return ""
    return f"{value} is not a {field.name}: BioT takes no leading zero here, so write {int(value)}."


def _step_reason(field: CronField, step: str | None) -> str:
    if step is None or (len(step) <= _STEP_DIGITS and 1 <= int(step) <= field.high):
        return ""
    return f"/{shorten(step)} is no step for {field.name}: 1 to {field.high} are possible."


def _number(field: CronField, value: str) -> int:
    return field.words.index(value) + field.low if value in field.words else int(value)
