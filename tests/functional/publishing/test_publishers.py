"""A few of the interleavings of ``tox -e faults``: publishers of one plugin at once, in virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.proof.running import Runs
from tests.proof.test_publishers import FIRST_REPORTED, verdicts_of, wrong
from tests.support.repetitions import exhaustive_after

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERLEAVINGS = (15, 60)


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    pool = Runs(2)
    yield pool
    pool.close()


@pytest.mark.parametrize("count", exhaustive_after(1, INTERLEAVINGS))
def test_no_update_is_lost_silently(runs: Runs, count: int) -> None:
    races = runs.race(range(count))

    assert wrong(races) == []
    assert verdicts_of(races)["conflict"] > 0


@pytest.mark.exhaustive  # about the simulation, not about the kit
def test_one_seed_always_gives_the_same_steps(runs: Runs) -> None:
    seeds = [FIRST_REPORTED, 35, 60, FIRST_REPORTED]
    first, again = runs.race(seeds), runs.race(list(reversed(seeds)))

    assert [one.trace for one in first] == [one.trace for one in reversed(again)]
    assert len({one.trace for one in first}) == len(set(seeds))
