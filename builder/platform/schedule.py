"""The names and ranges of ``cronSchedule``: AWS EventBridge's six fields without ``cron( )``, in UTC.

Sources: the pattern of ``CreatePluginRequest.cronSchedule`` in BioT's OpenAPI specification 2.4.2 for the grammar, and
AWS's cron reference for the ranges that this pattern does not check.
"""

from __future__ import annotations

from msgspec import Struct

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
OCCURRENCES_MAX = 5
"""``2#5`` is the fifth Monday of a month; there is no sixth."""


class CronField(Struct, frozen=True, kw_only=True):
    """One of the six fields.

    Attributes:
        name: As BioT's documents call it.
        low: Smallest number.
        high: Largest number.
        words: Names for the numbers from ``low`` on, in capital letters.
        digits: How many digits a number has at most.
        leading_zero: Whether ``05`` is in BioT's grammar.
        stepped_range: Whether ``a-b/step`` is in BioT's grammar.
    """

    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()
    digits: int = 2
    leading_zero: bool = False
    stepped_range: bool = False


MINUTES = CronField(name="minutes", low=0, high=59, leading_zero=True)
HOURS = CronField(name="hours", low=0, high=23, leading_zero=True)
DAY_OF_MONTH = CronField(name="day-of-month", low=1, high=31)
MONTH = CronField(name="month", low=1, high=12, words=MONTHS, stepped_range=True)
DAY_OF_WEEK = CronField(name="day-of-week", low=1, high=7, words=WEEKDAYS, digits=1)
YEAR = CronField(name="year", low=1970, high=2199, digits=4)

CRON_FIELDS = (MINUTES, HOURS, DAY_OF_MONTH, MONTH, DAY_OF_WEEK, YEAR)
