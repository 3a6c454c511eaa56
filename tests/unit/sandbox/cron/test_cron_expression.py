"""The runs of schedules, compared with a second implementation that looks at every minute."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

import pytest

from builder.manifest.rules.cron_schedule import schedule_problem
from builder.platform.schedule import MONTHS, WEEKDAYS
from sandbox.cron.cron_expression import parse_cron


def runs(schedule: str, start: str, count: int = 3) -> list[str]:
    assert schedule_problem(schedule) == ""
    moment = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return [f"{run:%Y-%m-%d %H:%M}" for run in islice(parse_cron(schedule).runs_after(moment), count)]


@pytest.mark.parametrize(
    ("schedule", "start", "expected"),
    [
        ("0 2 * * ? *", "2026-01-31T02:00", ["2026-02-01 02:00", "2026-02-02 02:00", "2026-02-03 02:00"]),
        ("0 2 * * ? *", "2026-01-31T01:59:59", ["2026-01-31 02:00", "2026-02-01 02:00", "2026-02-02 02:00"]),
        ("45 1/12 1-5 JAN,OCT ? *", "2026-01-05T13:45", ["2026-10-01 01:45", "2026-10-01 13:45", "2026-10-02 01:45"]),
        ("0/15 * * * ? *", "2026-01-01T00:31", ["2026-01-01 00:45", "2026-01-01 01:00", "2026-01-01 01:15"]),
        ("*/25 0 1 1 ? *", "2026-01-01T00:00", ["2026-01-01 00:25", "2026-01-01 00:50", "2027-01-01 00:00"]),
        ("0 8 ? * MON-FRI *", "2026-01-02T08:00", ["2026-01-05 08:00", "2026-01-06 08:00", "2026-01-07 08:00"]),
        ("0 8 ? * 1 *", "2026-01-01T00:00", ["2026-01-04 08:00", "2026-01-11 08:00", "2026-01-18 08:00"]),
        ("0 8 ? * 2#1 *", "2026-01-01T00:00", ["2026-01-05 08:00", "2026-02-02 08:00", "2026-03-02 08:00"]),
        ("0 8 ? * 6#5 *", "2026-01-01T00:00", ["2026-01-30 08:00", "2026-05-29 08:00", "2026-07-31 08:00"]),
        ("0 8 ? * 6L *", "2026-01-01T00:00", ["2026-01-30 08:00", "2026-02-27 08:00", "2026-03-27 08:00"]),
        ("0 8 ? * FRIL *", "2026-01-01T00:00", ["2026-01-30 08:00", "2026-02-27 08:00", "2026-03-27 08:00"]),
        ("0 8 ? * L *", "2026-01-01T00:00", ["2026-01-03 08:00", "2026-01-10 08:00", "2026-01-17 08:00"]),
        ("0 8 L * ? *", "2026-01-01T00:00", ["2026-01-31 08:00", "2026-02-28 08:00", "2026-03-31 08:00"]),
        ("0 8 L * ? *", "2028-02-01T00:00", ["2028-02-29 08:00", "2028-03-31 08:00", "2028-04-30 08:00"]),
        ("0 8 L-3 * ? *", "2026-02-01T00:00", ["2026-02-25 08:00", "2026-03-28 08:00", "2026-04-27 08:00"]),
        ("0 8 LW * ? *", "2026-01-01T00:00", ["2026-01-30 08:00", "2026-02-27 08:00", "2026-03-31 08:00"]),
        ("0 8 15W * ? *", "2026-02-01T00:00", ["2026-02-16 08:00", "2026-03-16 08:00", "2026-04-15 08:00"]),
        ("0 8 1W * ? *", "2026-07-15T00:00", ["2026-08-03 08:00", "2026-09-01 08:00", "2026-10-01 08:00"]),
        ("0 8 31W * ? *", "2026-04-01T00:00", ["2026-05-29 08:00", "2026-07-31 08:00", "2026-08-31 08:00"]),
        ("0 8 31 * ? *", "2026-01-31T08:00", ["2026-03-31 08:00", "2026-05-31 08:00", "2026-07-31 08:00"]),
        ("0 8 29 2 ? *", "2026-01-01T00:00", ["2028-02-29 08:00", "2032-02-29 08:00", "2036-02-29 08:00"]),
        ("0 8 1 1 ? 2026-2027", "2026-01-01T00:00", ["2026-01-01 08:00", "2027-01-01 08:00"]),
        ("0 8 1 1-12/5 ? 2026/50", "2026-12-01T00:00", ["2076-01-01 08:00", "2076-06-01 08:00", "2076-11-01 08:00"]),
        ("0 8 31 2 ? *", "2026-01-01T00:00", []),
        ("0 8 1 1 ? 1999", "2026-01-01T00:00", []),
    ],
)
def test_the_next_runs_are_those_of_aws(schedule: str, start: str, expected: list[str]) -> None:
    assert runs(schedule, start, max(3, len(expected)))[: len(expected) or 3] == expected


def test_a_moment_in_another_time_zone_is_converted_to_utc() -> None:
    moment = datetime.fromisoformat("2026-01-01T03:30:00+02:00")

    assert next(parse_cron("0 2 * * ? *").runs_after(moment)) == datetime(2026, 1, 1, 2, tzinfo=UTC)


class EveryMinute:
    """A second implementation: does this minute match? Written from AWS's text, without the first one."""

    def __init__(self, schedule: str) -> None:
        self.fields = schedule.split()

    def matches(self, moment: datetime) -> bool:
        minutes, hours, day, month, weekday, year = self.fields
        return (
            self.simple(minutes, moment.minute, 0, 59)
            and self.simple(hours, moment.hour, 0, 23)
            and self.simple(month, moment.month, 1, 12, MONTHS)
            and self.simple(year, moment.year, 1970, 2199)
            and (self.day(day, moment) if weekday == "?" else self.weekday(weekday, moment))
        )

    def simple(self, text: str, value: int, low: int, high: int, words: tuple[str, ...] = ()) -> bool:
        for at, word in enumerate(words):
            text = text.replace(word, str(at + low))
        for part in text.split(","):
            span, _, step = part.partition("/")
            begin, _, end = span.partition("-")
            first = low if begin == "*" else int(begin)
            final = int(end) if end else high if step or begin == "*" else first
            if first <= value <= final and (value - first) % int(step or 1) == 0:
                return True
        return False

    def day(self, text: str, moment: datetime) -> bool:
        return any(self.one_day(part, moment) for part in text.split(","))

    def one_day(self, part: str, moment: datetime) -> bool:
        last_day = (moment.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        if part == "L":
            return moment.day == last_day.day
        if part.startswith("L-"):
            return moment.day == last_day.day - int(part[2:])
        if part.endswith("W"):
            target = last_day.day if part == "LW" else int(part[:-1])
            if target > last_day.day:
                return False
            near = min(
                (day for day in range(1, last_day.day + 1) if moment.replace(day=day).isoweekday() <= 5),
                key=lambda day: abs(day - target),
            )
            return moment.day == near
        return self.simple(part, moment.day, 1, 31)

    def weekday(self, text: str, moment: datetime) -> bool:
        return any(self.one_weekday(part, moment) for part in text.split(","))

    def one_weekday(self, part: str, moment: datetime) -> bool:
        today = moment.isoweekday() % 7 + 1
        if part == "L":
            return today == 7
        if part.endswith("L"):
            return self.simple(part[:-1], today, 1, 7, WEEKDAYS) and (moment + timedelta(days=7)).month != moment.month
        name, _, number = part.partition("#")
        return self.simple(name, today, 1, 7, WEEKDAYS) and (not number or (moment.day - 1) // 7 + 1 == int(number))


def made_up(chance: random.Random) -> str:
    """Return a schedule that the rules accept."""

    def field(low: int, high: int, words: tuple[str, ...] = (), *, steps: bool = False) -> str:
        first = chance.randint(low, high)
        last = chance.randint(first, high)
        word = words[first - low] if words and chance.random() < 0.5 else str(first)
        forms = [
            str(first),
            word,
            f"{first}-{last}",
            f"{first}/{chance.randint(1, high)}",
            "*",
            f"*/{chance.randint(1, high)}",
        ]
        forms += [f"{first}-{last}/{chance.randint(1, high)}"] if steps else []
        return ",".join({chance.choice(forms) for _ in range(chance.randint(1, 2))})

    day = f"{chance.randint(1, 31)}"
    days = ["L", "LW", f"L-{chance.randint(1, 30)}", f"{day}W", field(1, 31), f"{day},L", f"{day}W,{day}"]
    number = chance.randint(1, 7)
    weekdays = [
        "L",
        f"{number}L",
        f"{WEEKDAYS[number - 1]}L",
        f"{number}#{chance.randint(1, 5)}",
        field(1, 7, WEEKDAYS),
    ]
    by_weekday = chance.random() < 0.5
    chosen = ("?", chance.choice(weekdays)) if by_weekday else (chance.choice(days), "?")
    month = field(1, 12, MONTHS, steps=True)
    return (
        f"{field(0, 59)} {field(0, 23)} {chosen[0]} {month} {chosen[1]} {chance.choice(['*', '2026-2030', '2026/2'])}"
    )


def schedules(count: int, *, time: str = "") -> list[str]:
    """Return made-up schedules, always the same ones; with a time, only their days differ."""
    chance, found = random.Random(20261128), dict[str, None]()  # noqa: S311 - repeatable, not secret
    while len(found) < count:
        fields = made_up(chance).split()
        text = " ".join([time, *fields[2:]] if time else fields)
        if schedule_problem(text) == "":
            found[text] = None
    return list(found)


def test_500_schedules_agree_with_the_second_implementation() -> None:
    chance = random.Random(1)  # noqa: S311 - repeatable, not secret
    for schedule in schedules(500):
        second, start = EveryMinute(schedule), datetime(2026, chance.randint(1, 12), chance.randint(1, 28), tzinfo=UTC)
        found = list(islice(parse_cron(schedule).runs_after(start), 5))
        assert all(second.matches(run) for run in found), schedule
        for before, after in zip([start, *found], found, strict=False):
            skipped = [moment for moment in between(before, after) if second.matches(moment)]
            assert skipped == [], schedule


def between(before: datetime, after: datetime) -> list[datetime]:
    """Return moments between two runs: the minutes next to them, and the same time on every day."""
    days = [before + timedelta(days=days) for days in range(1, min((after - before).days + 1, 32))]
    close = [before + timedelta(minutes=1), before + timedelta(hours=1), after - timedelta(minutes=1)]
    return [moment for moment in (*close, *days) if before < moment < after]


def test_the_days_of_a_year_agree_with_the_second_implementation() -> None:
    start = datetime(2027, 12, 31, 23, 59, tzinfo=UTC)
    days = [datetime(2028, 1, 1, 12, 30, tzinfo=UTC) + timedelta(days=day) for day in range(366)]
    for schedule in schedules(100, time="30 12"):
        second = EveryMinute(schedule)
        found = takewhile(lambda run: run.year == 2028, parse_cron(schedule).runs_after(start))
        assert list(found) == [day for day in days if second.matches(day)], schedule
