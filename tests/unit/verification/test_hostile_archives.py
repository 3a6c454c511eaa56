"""Hostile ZIPs, and ZIPs damaged at random. ``tox -e repro`` tries 10,000 damaged ones and measures memory."""

from __future__ import annotations

from random import Random

import pytest

from tests.support.archives.hostile_zips import damaged, hostile, judge

HOSTILE = dict(hostile())
SECONDS = 2


def test_there_are_at_least_150_hostile_archives() -> None:
    assert len(HOSTILE) >= 150


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_archive_is_refused_in_time(what: str) -> None:
    verdict = judge(HOSTILE[what])
    assert verdict.refused
    assert verdict.seconds < SECONDS


@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_archive_is_refused_or_read_as_other_programs_read_it(seed: int) -> None:
    verdicts = [judge(data) for data in damaged(Random(seed), 300)]  # noqa: S311 - chooses places, no secret
    assert not any(verdict.escaped or verdict.disagreed for verdict in verdicts)
    assert max(verdict.seconds for verdict in verdicts) < SECONDS
