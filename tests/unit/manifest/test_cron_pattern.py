"""cronSchedule: the kit's rule compared with the pattern that BioT publishes; its generated client carries it."""

from __future__ import annotations

import random
import re
from collections import Counter
from functools import cache

import pytest
from biotmed_settings_sdk.models.create_plugin_request import CreatePluginRequest
from pydantic import ValidationError

from builder.manifest.rules.cron_schedule import schedule_problem
from builder.platform.schedule import CRON_FIELDS, DAY_OF_MONTH, DAY_OF_WEEK, HOURS, MINUTES, MONTH, CronField
from tests.support.repetitions import exhaustive_after

PATTERN_LENGTH = 1853

ACCEPTED_BY_BIOT = [
    "45 1/12 1-5 JAN,OCT ? *",
    "0 10 * * ? *",
    "0/15 * * * ? *",
    "*/5 * * * ? *",
    "0 8 ? * MON-FRI *",
    "0 8 ? * 2#1 *",
    "0 8 L * ? *",
    "0 8 15W * ? *",
    "0 8 ? * 6L *",
    "0 8 * * ? 2024-2026",
    "0   8  * * ? *",
]
REFUSED_BY_BIOT = [
    "cron(0 10 * * ? *)",
    "rate(5 minutes)",
    "0 10 * * ?",
    "0 10 * * * *",
    "0 8 ? * 0 *",
    "0 8 ? * mon *",
    "0 8 *\t* ? *",
    "60 8 * * ? *",
    "0 8 ? * 2#6 *",
    "0-30/5 8 * * ? *",
    "0 8-17/2 * * ? *",
]
IMPOSSIBLE_TIMES_ACCEPTED_BY_BIOT = ["0 25 * * ? *", "0 29 * * ? *", "0 8 0 * ? *", "0 8 39 * ? *", "0 8 * 13 ? *"]


@cache
def published_pattern() -> re.Pattern[str]:
    with pytest.raises(ValidationError, match="must validate the regular expression") as refusal:
        CreatePluginRequest(name="a", displayName="A", version=1, cronSchedule="no schedule")
    return re.compile(refusal.value.errors()[0]["msg"].partition("/")[2].rpartition("/")[0])


def biot_accepts(schedule: str) -> bool:
    return published_pattern().fullmatch(schedule) is not None


@pytest.mark.parametrize("schedule", [*ACCEPTED_BY_BIOT, *IMPOSSIBLE_TIMES_ACCEPTED_BY_BIOT])
def test_the_client_has_the_documented_pattern_which_accepts(schedule: str) -> None:
    assert len(published_pattern().pattern) == PATTERN_LENGTH
    assert biot_accepts(schedule)


@pytest.mark.parametrize("schedule", REFUSED_BY_BIOT)
def test_the_client_has_the_documented_pattern_which_rejects(schedule: str) -> None:
    assert not biot_accepts(schedule)


@pytest.mark.parametrize(
    "schedule",
    [
        "0 8 01 * ? *",
        "0 8 * 01 ? *",
        "0 8 05W * ? *",
        "0 8 L-03 * ? *",
        "0 8 1-05 * ? *",
        "0 8 * 01-3 ? *",
        "0 8 ? * 2#02 *",
        "0 8 ? * 02 *",
        "0 8 ? * 02L *",
    ],
)
def test_a_leading_zero_that_biot_rejects_is_rejected(schedule: str) -> None:
    assert not biot_accepts(schedule)
    assert schedule_problem(schedule)


@pytest.mark.parametrize("schedule", ["05 8 * * ? *", "0 08 * * ? *", "00-09 00/06 * * ? *"])
def test_a_leading_zero_that_biot_accepts_is_accepted(schedule: str) -> None:
    assert biot_accepts(schedule)
    assert schedule_problem(schedule) == ""


@pytest.mark.parametrize("count", exhaustive_after(1, [3_000, 20_000]))
def test_the_kit_accepts_what_the_pattern_accepts_and_the_calendar_has(count: int) -> None:
    """tests/proof generates 200,000 more."""
    compare_expressions(count, seed=20261128)


def compare_expressions(count: int, *, seed: int) -> None:
    """Generate schedules, and compare the kit's answers with BioT's pattern and the calendar."""
    source = random.Random(seed)  # noqa: S311 - the same expressions in every run
    outcomes: Counter[tuple[bool, bool]] = Counter()
    differences: dict[str, str] = {}
    for _ in range(count):
        schedule = generated_schedule(source)
        accepted = biot_accepts(schedule)
        usable = accepted and is_possible(schedule)
        reason = schedule_problem(schedule)
        outcomes[usable, accepted] += 1
        if usable is bool(reason):
            differences[schedule] = reason

    assert differences == {}
    enough = count // 20
    assert outcomes[True, True] > enough  # usable
    assert outcomes[False, True] > enough  # the pattern accepts a time that does not exist
    assert outcomes[False, False] > enough  # the pattern refuses


def generated_schedule(source: random.Random) -> str:
    texts = {field: str(source.randint(field.low, field.high)) for field in CRON_FIELDS}
    texts.update({field: generated_field(source, field) for field in source.sample(CRON_FIELDS, 2)})
    texts[source.choice((DAY_OF_MONTH, DAY_OF_WEEK))] = "?"
    schedule = source.choice((" ", " ", " ", "  ")).join(texts.values())
    if source.random() < 0.1:
        place = source.randrange(len(schedule))
        schedule = schedule[:place] + source.choice("0123456789*?/#-,LW \tA") + schedule[place + source.randrange(2) :]
    return schedule


def generated_field(source: random.Random, field: CronField) -> str:
    if field is DAY_OF_WEEK and source.random() < 0.2:
        return f"{generated_value(source, field)}#{source.choice(('0', '1', '2', '3', '4', '5', '6', '02'))}"
    return ",".join(generated_element(source, field) for _ in range(source.choice((1, 1, 1, 2, 3))))


def generated_element(source: random.Random, field: CronField) -> str:
    first, last = sorted((generated_value(source, field), generated_value(source, field)), key=len)
    step = source.choice(("1", "2", "5", "05", "12", "0", "70", "3000"))
    forms = ["*", f"*/{step}", *[first] * 4, f"{first}/{step}", *[f"{first}-{last}"] * 2, f"{first}-{last}/{step}"]
    if field in {DAY_OF_MONTH, DAY_OF_WEEK}:
        forms += ["L", f"{first}L", "LW", f"{first}W", f"L-{first}", f"{first}L-{last}", f"L/{step}"]
    return source.choice([*forms, f"*-{last}"])


def generated_value(source: random.Random, field: CronField) -> str:
    if field.words and source.random() < 0.3:
        return source.choice(field.words)
    value = source.randint(field.low, field.high)
    text = str(source.choice((*[value] * 12, field.low - 1, field.high + 1)))
    return "0" + text if source.random() < 0.05 else text


def is_possible(schedule: str) -> bool:
    """Whether the numbers are on the clock and in the calendar, ranges go up, and letters stand in AWS's forms.

    This is AWS's cron reference; BioT's pattern looks neither at the size of numbers nor at what a letter goes with.
    """
    texts = zip(CRON_FIELDS, schedule.split(), strict=True)
    return all(text == "?" or all(possible_element(field, part) for part in text.split(",")) for field, text in texts)


def possible_element(field: CronField, element: str) -> bool:
    day, hash_sign, occurrence = element.partition("#")
    if hash_sign:
        return number(field, day) is not None and "1" <= occurrence <= "5"
    body, slash, step = element.partition("/")
    if slash and not 1 <= int(step) <= field.high:
        return False
    first, dash, last = body.partition("-")
    if field in {DAY_OF_MONTH, DAY_OF_WEEK} and body not in field.words and {"L", "W"} & {*first[-1:], *last[-1:]}:
        return not slash and possible_letters(field, first, last if dash else None)
    low, high = number(field, first), number(field, last)
    if dash:
        return low is not None and high is not None and low <= high
    return first == "*" or low is not None


def possible_letters(field: CronField, first: str, last: str | None) -> bool:
    if last is not None:
        return field is DAY_OF_MONTH and first == "L" and last.isdigit() and 1 <= int(last) < field.high
    letters = {"L", "LW"} if field is DAY_OF_MONTH else {"L"}
    mark = "W" if field is DAY_OF_MONTH else "L"
    return first in letters or (first.endswith(mark) and number(field, first[:-1]) is not None)


def number(field: CronField, text: str) -> int | None:
    """The number in a field's range that a text stands for, or None."""
    value = field.words.index(text) + field.low if text in field.words else int(text) if text.isdigit() else -1
    return value if field.low <= value <= field.high else None


def test_only_hours_and_minutes_accept_leading_zeros() -> None:
    zeros = {field: schedule_problem(with_field(field, "0" + str(max(field.low, 1)))) for field in CRON_FIELDS}

    assert [field for field, reason in zeros.items() if not reason] == [MINUTES, HOURS]
    assert zeros[MONTH] == "01 is not valid for month: write 1, without a leading zero."


def with_field(field: CronField, text: str) -> str:
    texts = {**dict.fromkeys(CRON_FIELDS, "*"), field: text}
    texts[DAY_OF_MONTH if field is DAY_OF_WEEK else DAY_OF_WEEK] = "?"
    return " ".join(texts.values())
