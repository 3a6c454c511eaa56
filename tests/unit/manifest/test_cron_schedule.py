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
    "wrapper": ("cron(0 10 * * ? *)", "Write only the six fields, without cron( ); rate( ) is not supported."),
    "rate": ("rate(5 minutes)", "Write only the six fields, without cron( ); rate( ) is not supported."),
    "five fields": ("0 10 * * ?", "A schedule has six fields (minutes, hours, day-of-month, month, day-of-week, year)"),
    "seven fields": (
        "0 0 10 * * ? *",
        "A schedule has six fields (minutes, hours, day-of-month, month, day-of-week, year)",
    ),
    "both days *": ("0 10 * * * *", "Exactly one of day-of-month and day-of-week must be ?."),
    "both days ?": ("0 10 ? * ? *", "Exactly one of day-of-month and day-of-week must be ?."),
    "? for hours": ("0 ? * * ? *", "hours must not be ?; write * for every value."),
    "weekday 0": ("0 8 ? * 0 *", "0 is not valid for day-of-week: use 1 to 7; 1 is Sunday."),
    "weekday 8": ("0 8 ? * 8 *", "8 is not valid for day-of-week: use 1 to 7; 1 is Sunday."),
    "lower case": ("0 8 ? * mon *", "mon is not valid for day-of-week; write names in capital letters."),
    "unknown word": ("0 8 ? * MOO *", "MOO is not valid for day-of-week: use 1 to 7 or SUN to SAT in capital letters."),
    "tab": ("0 8 *\t* ? *", "Separate the fields with spaces only: no tabs, no line breaks, no space at either end."),
    "trailing newline": (
        "0 8 * * ? *\n",
        "Separate the fields with spaces only: no tabs, no line breaks, no space at either end.",
    ),
    "newline inside": (
        "0 8 *\n* ? *",
        "Separate the fields with spaces only: no tabs, no line breaks, no space at either end.",
    ),
    "leading space": (
        " 0 8 * * ? *",
        "Separate the fields with spaces only: no tabs, no line breaks, no space at either end.",
    ),
    "trailing space": (
        "0 8 * * ? * ",
        "Separate the fields with spaces only: no tabs, no line breaks, no space at either end.",
    ),
    "no-break space": (
        "0\u00a08 * * ? *",
        "Separate the fields with spaces only: no tabs, no line breaks, no space at either end.",
    ),
    "empty": ("", "Separate the fields with spaces only: no tabs, no line breaks, no space at either end."),
    "minute 60": ("60 8 * * ? *", "60 is not valid for minutes: use 0 to 59."),
    "three digits": ("000 8 * * ? *", "000 is not valid for minutes: use 0 to 59."),
    "hour 24": ("0 24 * * ? *", "24 is not valid for hours: use 0 to 23."),
    "hour 29": ("0 29 * * ? *", "29 is not valid for hours: use 0 to 23."),
    "day 0": ("0 8 0 * ? *", "0 is not valid for day-of-month: use 1 to 31."),
    "day 32": ("0 8 32 * ? *", "32 is not valid for day-of-month: use 1 to 31."),
    "day 39": ("0 8 39 * ? *", "39 is not valid for day-of-month: use 1 to 31."),
    "day 0W": ("0 8 0W * ? *", "0 is not valid for day-of-month: use 1 to 31."),
    "L-0": ("0 8 L-0 * ? *", "L-0 is not valid for day-of-month; the forms with letters are L, LW, L-3 and 15W."),
    "month 0": ("0 8 * 0 ? *", "0 is not valid for month: use 1 to 12."),
    "month 13": ("0 8 * 13 ? *", "13 is not valid for month: use 1 to 12."),
    "month of a range": ("0 8 * 11-13 ? *", "13 is not valid for month: use 1 to 12."),
    "step 0": ("*/0 8 * * ? *", "/0 is not a valid step for minutes: use 1 to 59."),
    "step beyond the hour": ("*/60 8 * * ? *", "/60 is not a valid step for minutes: use 1 to 59."),
    "long step": (
        "*/" + "9" * 240 + " 8 * * ? *",
        "/999999999999999999999999999999999999999999999999999999999999… is not a valid st",
    ),
    "2#02": ("0 8 ? * 2#02 *", "2#02 is not valid for day-of-week; use # alone in day-of-week"),
    "month 01": ("0 8 * 01 ? *", "01 is not valid for month: write 1, without a leading zero."),
    "2#0": ("0 8 ? * 2#0 *", "2#0 is not valid for day-of-week; the number after # must be 1 to 5."),
    "2#6": ("0 8 ? * 2#6 *", "2#6 is not valid for day-of-week; the number after # must be 1 to 5."),
    "8#1": ("0 8 ? * 8#1 *", "8 is not valid for day-of-week: use 1 to 7; 1 is Sunday."),
    "2#1 in a list": ("0 8 ? * 2#1,3#1 *", "2#1,3#1 is not valid for day-of-week; use # alone in day-of-week"),
    "# in day-of-month": ("0 8 2#1 * ? *", "2#1 is not valid for day-of-month; use # alone in day-of-week"),
    "year 1969": ("0 8 * * ? 1969", "1969 is not valid for year: use 1970 to 2199."),
    "year 2200": ("0 8 * * ? 2200", "2200 is not valid for year: use 1970 to 2199."),
    "year 2999": ("0 8 * * ? 2999", "2999 is not valid for year: use 1970 to 2199."),
    "minutes range with step": ("0-30/5 8 * * ? *", "0-30/5 is not valid for minutes"),
    "hours range with step": ("0 8-17/2 * * ? *", "8-17/2 is not valid for hours"),
    "range of *": ("*-5 8 * * ? *", "*-5 is not valid for minutes."),
    "empty entry": ("1,,2 8 * * ? *", "An empty entry is not valid for minutes."),
    "negative": ("-1 8 * * ? *", "-1 is not valid for minutes."),
    "backward range": (
        "0 22-2 * * ? *",
        "The range 22-2 ends before it begins; write two ranges with a comma between them.",
    ),
    "backward words": (
        "0 8 ? * FRI-MON *",
        "The range FRI-MON ends before it begins; write two ranges with a comma between them.",
    ),
    "W with a list": (
        "0 8 15W-16 * ? *",
        "15W-16 is not valid for day-of-month; the forms with letters are L, LW, L-3 and 15W.",
    ),
    "other digits": ("\u0661 8 * * ? *", "\u0661 is not valid for minutes."),
}


@pytest.mark.parametrize("schedule", ACCEPTED)
def test_a_schedule_of_eventbridge_is_accepted(schedule: str) -> None:
    assert schedule_problem(schedule) == ""


@pytest.mark.parametrize(("schedule", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_schedule_that_would_not_run_is_rejected_with_the_reason(schedule: str, reason: str) -> None:
    assert reason in schedule_problem(schedule)
