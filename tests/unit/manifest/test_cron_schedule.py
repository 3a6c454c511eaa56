"""cronSchedule: BioT's grammar matched whole, and the numbers that BioT's own expression lets slip."""

from __future__ import annotations

import pytest

from builder.manifest.rules.cron_schedule import schedule_problem

ACCEPTED = [
    "45 1/12 1-5 JAN,OCT ? *",
    "0 10 * * ? *",
    "0/15 * * * ? *",
    "*/5 * * * ? *",
    "0 8 ? * MON-FRI *",
    "0 8 ? * 2#1 *",
    "0 8 ? * FRI#5 *",
    "0 8 L * ? *",
    "0 8 LW * ? *",
    "0 8 L-3 * ? *",
    "0 8 15W * ? *",
    "0 8 ? * 6L *",
    "0 8 ? * FRIL *",
    "0 8 ? * L *",
    "0 8 * * ? 2024-2026",
    "0 8 * * ? 1970,2199",
    "0   8  *    * ?   *",
    "00 08 1 1 ? 2027",
    "0 8 ? JAN-MAR/2 WED *",
    "0 8 ? JUL 1,7 *",
    "59 23 31 12 ? *",
]

REFUSED = {
    "wrapper": ("cron(0 10 * * ? *)", "Only the six fields are written"),
    "rate": ("rate(5 minutes)", "Only the six fields are written"),
    "five fields": ("0 10 * * ?", "There are 5 fields"),
    "seven fields": ("0 0 10 * * ? *", "There are 7 fields"),
    "both days *": ("0 10 * * * *", "Exactly one of day-of-month and day-of-week is ?"),
    "both days ?": ("0 10 ? * ? *", "Exactly one of day-of-month and day-of-week is ?"),
    "? for hours": ("0 ? * * ? *", "hours cannot be ?"),
    "weekday 0": ("0 8 ? * 0 *", "0 is out of bounds for day-of-week: 1 to 7; 1 is Sunday"),
    "weekday 8": ("0 8 ? * 8 *", "8 is out of bounds for day-of-week"),
    "lower case": ("0 8 ? * mon *", "mon is not a day-of-week"),
    "unknown word": ("0 8 ? * MOO *", "MOO is not a day-of-week: 1 to 7 or SUN to SAT, in capitals"),
    "tab": ("0 8 *\t* ? *", "Only spaces separate"),
    "trailing newline": ("0 8 * * ? *\n", "Only spaces separate"),
    "newline inside": ("0 8 *\n* ? *", "Only spaces separate"),
    "leading space": (" 0 8 * * ? *", "Only spaces separate"),
    "trailing space": ("0 8 * * ? * ", "Only spaces separate"),
    "no-break space": ("0\u00a08 * * ? *", "Only spaces separate"),
    "empty": ("", "Only spaces separate"),
    "minute 60": ("60 8 * * ? *", "60 is out of bounds for minutes"),
    "three digits": ("000 8 * * ? *", "000 is out of bounds for minutes"),
    "hour 24": ("0 24 * * ? *", "24 is out of bounds for hours"),
    "hour 29": ("0 29 * * ? *", "29 is out of bounds for hours"),
    "day 0": ("0 8 0 * ? *", "0 is out of bounds for day-of-month"),
    "day 32": ("0 8 32 * ? *", "32 is out of bounds for day-of-month"),
    "day 39": ("0 8 39 * ? *", "39 is out of bounds for day-of-month"),
    "day 0W": ("0 8 0W * ? *", "0 is out of bounds for day-of-month"),
    "L-0": ("0 8 L-0 * ? *", "L-0 is not a day-of-month"),
    "month 0": ("0 8 * 0 ? *", "0 is out of bounds for month"),
    "month 13": ("0 8 * 13 ? *", "13 is out of bounds for month"),
    "month of a range": ("0 8 * 11-13 ? *", "13 is out of bounds for month"),
    "step 0": ("*/0 8 * * ? *", "/0 is no step for minutes"),
    "step beyond the hour": ("*/60 8 * * ? *", "/60 is no step for minutes"),
    "long step": ("*/" + "9" * 240 + " 8 * * ? *", "is no step for minutes"),
    "2#02": ("0 8 ? * 2#02 *", "# stands alone in day-of-week"),
    "month 01": ("0 8 * 01 ? *", "01 is not a month: BioT takes no leading zero here, so write 1."),
    "2#0": ("0 8 ? * 2#0 *", "2#0 asks for the 0. time"),
    "2#6": ("0 8 ? * 2#6 *", "2#6 asks for the 6. time"),
    "8#1": ("0 8 ? * 8#1 *", "8 is out of bounds for day-of-week"),
    "2#1 in a list": ("0 8 ? * 2#1,3#1 *", "# stands alone in day-of-week"),
    "# in day-of-month": ("0 8 2#1 * ? *", "# stands alone in day-of-week"),
    "year 1969": ("0 8 * * ? 1969", "1969 is out of bounds for year"),
    "year 2200": ("0 8 * * ? 2200", "2200 is out of bounds for year"),
    "year 2999": ("0 8 * * ? 2999", "2999 is out of bounds for year"),
    "minutes range with step": ("0-30/5 8 * * ? *", "BioT takes no step after a range in minutes"),
    "hours range with step": ("0 8-17/2 * * ? *", "BioT takes no step after a range in hours"),
    "range of *": ("*-5 8 * * ? *", "is not a minutes of the cron syntax"),
    "empty entry": ("1,,2 8 * * ? *", "An empty entry is not a minutes"),
    "negative": ("-1 8 * * ? *", "is not a minutes of the cron syntax"),
    "backward range": ("0 22-2 * * ? *", "22-2 ends before it begins"),
    "backward words": ("0 8 ? * FRI-MON *", "FRI-MON ends before it begins"),
    "W with a list": ("0 8 15W-16 * ? *", "15W-16 is not a day-of-month"),
    "other digits": ("\u0661 8 * * ? *", "is not a minutes of the cron syntax"),
}


@pytest.mark.parametrize("schedule", ACCEPTED)
def test_a_schedule_of_eventbridge_is_accepted(schedule: str) -> None:
    assert schedule_problem(schedule) == ""


@pytest.mark.parametrize(("schedule", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_schedule_that_would_not_run_is_refused_with_its_reason(schedule: str, reason: str) -> None:
    assert reason in schedule_problem(schedule)
