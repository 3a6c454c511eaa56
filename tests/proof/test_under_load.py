"""A slice of the proofs beside a busy loop on every core: nothing that is counted depends on the machine's speed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.proof.test_fault_runs import RECOVERED, SEED, judge, several_faults, shown, single_faults
from tests.proof.test_publishers import FIRST_REPORTED, wrong
from tests.support.machine.busy_cores import CORES, busy_machine

if TYPE_CHECKING:
    from tests.proof.figures import Figures
    from tests.proof.running import Runs

INTERLEAVINGS, SINGLE, SEVERAL = 60, 300, 200


def test_the_same_seeds_give_the_same_interleavings(runs: Runs, figures: Figures) -> None:
    seeds = range(FIRST_REPORTED, FIRST_REPORTED + INTERLEAVINGS)
    quiet = runs.race(seeds)
    with busy_machine():
        loaded = runs.race(seeds)
    different = [one.seed for one, other in zip(quiet, loaded, strict=True) if one.trace != other.trace]
    what = f"**beside {CORES} busy loops**: interleavings that differ in any step"
    figures.add(what, "0", f"{len(different)} of {len(quiet)}", met=not different)

    assert different == []
    assert len({one.trace for one in quiet}) == INTERLEAVINGS
    assert wrong(loaded) == []


def test_no_verdict_is_wrong(runs: Runs, figures: Figures) -> None:
    chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    attempts = chance.sample(list(single_faults(runs.requests)), SINGLE)
    with busy_machine():
        counts = runs.count([*attempts, *several_faults(runs.requests, SEVERAL, chance)])
    share = counts.recovered / counts.recoverable
    figures.add("… wrong verdicts", "0", f"{len(counts.wrong)} in {counts.runs} runs", met=not counts.wrong)
    recovered = f"{share:.2%} ({counts.recovered:,} of {counts.recoverable:,})"
    figures.add("… recoverable faults recovered", "≥ 99 %", recovered, met=share >= RECOVERED)

    judge(counts)
    assert share >= RECOVERED, shown(counts.stuck)
