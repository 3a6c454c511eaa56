"""A few of the runs of ``tox -e faults``: complete commands over real sockets, each with one fault."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.proof.operations import OPERATIONS
from tests.proof.running import Attempt, Runs
from tests.proof.test_fault_runs import judge, shown, single_faults
from tests.support.repetitions import exhaustive_after

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = (12, 60)


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    pool = Runs(2)
    yield pool
    pool.close()


@pytest.mark.parametrize("count", exhaustive_after(1, RUNS))
def test_no_verdict_is_wrong(runs: Runs, count: int) -> None:
    every = list(single_faults(runs.requests))
    counts = runs.count(random.Random(4).sample(every, count))  # noqa: S311 - repeatable, not secret

    judge(counts)
    assert counts.runs == count


@pytest.mark.parametrize(
    "kind", exhaustive_after(1, ["reset-after-apply", "gateway-timeout-late", "rollback-failed-partly"])
)
def test_a_publish_with_a_lost_response_is_done(runs: Runs, kind: str) -> None:
    last = runs.requests[2]
    counts = runs.count(Attempt(operation=2, faults=((request, kind),)) for request in range(1, last + 1))

    judge(counts)
    assert counts.claims == {"done": last}, shown(counts.stuck)


@pytest.mark.parametrize(
    ("name", "least"),
    exhaustive_after(1, [("publish: subscriptions, own account", 10), ("publish: code and settings, image", 16)]),
)
def test_other_publishes_with_a_lost_response_are_done(runs: Runs, name: str, least: int) -> None:
    """At each request, for an image also at those to the registry."""
    operation = next(at for at, one in enumerate(OPERATIONS) if one.name == name)
    last = runs.requests[operation]
    places = range(1, last + 1)
    counts = runs.count(Attempt(operation=operation, faults=((place, "reset-after-apply"),)) for place in places)

    judge(counts)
    assert last >= least
    assert counts.claims == {"done": last}, shown(counts.stuck)


@pytest.mark.parametrize(
    "kind",
    exhaustive_after(2, ["another-plugin", "truncated-json", "misdirected", "empty-object", "wrong-types"]),
)
def test_a_query_with_an_unusable_response_is_repeated(runs: Runs, kind: str) -> None:
    operation = next(number for number, one in enumerate(OPERATIONS) if one.name == "show")
    counts = runs.count([Attempt(operation=operation, faults=((runs.requests[operation], kind),))])

    judge(counts)
    assert counts.claims == {"done": 1}, shown(counts.stuck)
