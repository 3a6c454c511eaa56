"""Every operation meets every fault at every request, and thousands of double and triple faults."""

from __future__ import annotations

import random
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING

from sandbox.faults import FAULT_KINDS
from tests.proof.habits import HABITS
from tests.proof.operations import OPERATIONS
from tests.proof.running import Attempt, Counts, Runs
from tests.support.machine.busy_cores import CORES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.proof.figures import Figures

SINGLE_RUNS, DOUBLE_AND_TRIPLE_RUNS = 1000, 5000
DOUBLE_AND_TRIPLE_ATTEMPTS = 6800
"""Not every run lives to meet its second fault."""
RECOVERED = 0.99
SEED = 20261120
WAIT_SECONDS = 60
SHOWN = 5
OTHER_CLIENTS_RUNS, TEXT_RUNS = 400, 300
PUBLISHED = {"publish: create", "publish: code and settings", "publish: settings only"}


def test_every_operation_with_every_fault_at_every_request(runs: Runs, figures: Figures) -> None:
    counts = runs.count(single_faults(runs.requests))
    tell(figures, f"{len(OPERATIONS)} commands, {len(FAULT_KINDS)} faults, every request", counts, SINGLE_RUNS)
    figures.tables["Every fault, alone"] = table_of_kinds(counts)

    judge(counts)
    assert counts.runs >= SINGLE_RUNS
    assert counts.recovered >= RECOVERED * counts.recoverable, shown(counts.stuck)


def test_double_and_triple_faults(runs: Runs, figures: Figures) -> None:
    chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    counts = runs.count(several_faults(runs.requests, DOUBLE_AND_TRIPLE_ATTEMPTS, chance), least=2)
    tell(figures, f"double and triple faults (seed {SEED})", counts, DOUBLE_AND_TRIPLE_RUNS)

    judge(counts)
    assert counts.runs >= DOUBLE_AND_TRIPLE_RUNS
    assert counts.recovered >= RECOVERED * counts.recoverable, shown(counts.stuck)


def test_other_clients_on_the_same_faults(figures: Figures) -> None:
    """The proof can fail: clients that do not read back claim what is not so."""
    for habit in HABITS:
        pool = Runs(CORES, habit=habit)
        chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
        published = [one for one in single_faults(pool.requests) if OPERATIONS[one.operation].name in PUBLISHED]
        counts = pool.count(chance.sample(published, OTHER_CLIENTS_RUNS))
        pool.close()
        share = f"{len(counts.wrong)} wrong verdicts in {counts.runs} publishes"
        figures.add(f"for comparison, a client that {habit}", "> 0", share, met=bool(counts.wrong))

        assert counts.wrong


def test_no_output_and_no_traceback_shows_a_secret(runs: Runs, figures: Figures) -> None:
    chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    leaks = runs.text_leaks(chance.sample(list(single_faults(runs.requests)), TEXT_RUNS))
    crashed = runs.crashed()
    leaking = [shows for shows in (*leaks, *crashed) if shows]
    what = f"{len(leaks)} outputs as text and {len(crashed)} tracebacks of the kit's own failures: that show a secret"
    figures.add(what, "0", str(len(leaking)), met=not leaking)

    assert leaking == []


def single_faults(requests: Sequence[int]) -> Iterator[Attempt]:
    """One fault in each run."""
    for operation, count in enumerate(requests):
        for request, kind in product(range(1, count + 1), FAULT_KINDS):
            yield Attempt(operation=operation, faults=((request, kind),))


def several_faults(requests: Sequence[int], runs: int, chance: random.Random) -> Iterator[Attempt]:
    """Two or three faults in each run, at different requests; also at those that only come because of the first."""
    kinds = list(FAULT_KINDS)
    for _ in range(runs):
        (operation,) = chance.choices(range(len(requests)), weights=requests)
        count = chance.choice((2, 3))
        places = [chance.randint(1, requests[operation])]
        while len(places) < count:
            places.append(places[-1] + chance.choice((1, 1, 1, 2)))
        yield Attempt(operation=operation, faults=tuple((place, chance.choice(kinds)) for place in places))


def tell(figures: Figures, what: str, counts: Counts, bar: int) -> None:
    """One line for each of the promises."""
    share = counts.recovered / max(1, counts.recoverable)
    claims = ", ".join(f"{number:,} {claim}" for claim, number in counts.claims.most_common())
    figures.add(f"**{what}**: runs", f"≥ {bar:,}", f"{counts.runs:,} ({claims})", met=counts.runs >= bar)
    figures.add("… wrong verdicts", "0", str(len(counts.wrong)), met=not counts.wrong)
    figures.add("… code that took effect twice", "0", str(counts.doubles), met=not counts.doubles)
    recovered = f"{share:.2%} ({counts.recovered:,} of {counts.recoverable:,})"
    figures.add("… recoverable faults recovered", "≥ 99 %", recovered, met=share >= RECOVERED)
    longest = f"{counts.longest:.0f} s"
    figures.add(
        "… longest wait before an end in done (virtual)",
        f"≤ {WAIT_SECONDS} s",
        longest,
        met=counts.longest <= WAIT_SECONDS,
    )
    leaking = len(counts.leaking) + len(counts.files)
    figures.add("… outputs, journals and files that show a secret", "0", str(leaking), met=not leaking)
    figures.add("… requests that followed a redirect to another host", "0", str(counts.visited), met=not counts.visited)


def table_of_kinds(counts: Counts) -> list[str]:
    """Every fault, and the results of the commands that met it."""
    lines = [
        "| fault | what the client sees | the request is | runs | done | recoverable |",
        "|---|---|---|---|---|---|",
    ]
    for kind in FAULT_KINDS.values():
        ended = counts.kinds.get(kind.name, Counter())
        recoverable = "yes" if kind.recoverable else ""
        row = (
            f"`{kind.name}`",
            kind.description,
            kind.effect.value,
            str(ended.total()),
            str(ended["done"]),
            recoverable,
        )
        lines.append(f"| {' | '.join(row)} |")
    return lines


def judge(counts: Counts) -> None:
    """What must never happen."""
    assert not counts.wrong, shown(counts.wrong)
    assert not counts.leaking, shown(counts.leaking)
    assert (counts.doubles, counts.visited, counts.files) == (0, 0, set())
    assert counts.longest <= WAIT_SECONDS


def shown(results: Sequence[object]) -> str:
    """The first few."""
    return "\n\n".join(str(result) for result in results[:SHOWN])
