"""SIGKILL at many points of a publish, then the same command again: the same final state, and nothing by hand."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.faults import FAULT_KINDS, FaultRule
from tests.proof.operations import OPERATIONS, prepare
from tests.proof.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.proof.figures import Figures
    from tests.proof.operations import Operation
    from tests.proof.world import BiotState

REPOSITORY = Path(__file__).parents[2]
KILLED = (
    *("publish: create", "publish: code and settings", "publish: settings only"),
    *("publish: create, own account", "publish: subscriptions, own account"),
)
DELAYS = (0.0, 0.004)
STUCK = ("hang-before-apply", "hang-after-apply")
POINTS = 50
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Point:
    """When a publish is killed: so long after its n-th request arrived, or while that request hangs."""

    request: int
    delay: float = 0.0
    stuck: str = ""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    before = dict(os.environ)
    running = World(tmp_path_factory.mktemp("killed"))
    prepare(running)
    yield running
    running.close()
    os.environ.clear()
    os.environ.update(before)


def test_killed_publishes_reach_the_same_state_when_run_again(world: World, figures: Figures) -> None:
    outcomes = [
        (operation.name, point, kill_and_repeat(world, operation, point, wanted))
        for operation in OPERATIONS
        if operation.name in KILLED
        for wanted, requests in [undisturbed(world, operation)]
        for point in points(requests)
    ]
    alive = sum(killed for _, _, (killed, _) in outcomes)
    broken = [(name, point, error) for name, point, (_, error) in outcomes if error]
    figure = f"{len(outcomes) - len(broken)} of {len(outcomes)} ({alive} were at work when killed)"
    figures.add(
        "publishes killed with SIGKILL and run again: same final state", f"all of ≥ {POINTS}", figure, met=not broken
    )

    assert broken == []
    assert alive >= POINTS


def points(requests: int) -> Iterator[Point]:
    for request in range(1, requests + 1):
        yield from (Point(request=request, delay=delay) for delay in DELAYS)
        yield from (Point(request=request, stuck=kind) for kind in STUCK)


def undisturbed(world: World, operation: Operation) -> tuple[BiotState, int]:
    world.restore(operation.base)
    world.play(())
    process = begin(world, operation)
    _, stderr = process.communicate()
    assert process.returncode == 0, stderr
    return world.truth(), world.gate.requests


def kill_and_repeat(world: World, operation: Operation, point: Point, wanted: BiotState) -> tuple[bool, str]:
    """Whether it was at work when it was killed, and what is wrong after it was run again."""
    world.restore(operation.base)
    world.play([FaultRule(kind=FAULT_KINDS[point.stuck], request=point.request)] if point.stuck else ())
    process = begin(world, operation)
    until = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and world.gate.requests < point.request and time.monotonic() < until:
        time.sleep(0.0005)
    time.sleep(0.05 if point.stuck else point.delay)
    alive = process.poll() is None
    process.kill()
    process.communicate()
    world.play(())
    again = begin(world, operation)
    out, err = again.communicate()
    if again.returncode:
        return alive, f"{out}{err}"
    history = world.call("history", "-p", "{folder}/second", "-e", "local", "--json")
    if history.code:
        return alive, f"the journal cannot be read: {history}"
    after = world.truth().without_versions()
    return alive, "" if after == wanted.without_versions() else f"{after} instead of {wanted}"


def begin(world: World, operation: Operation) -> subprocess.Popen[str]:
    arguments = [argument.format(folder=world.folder) for argument in operation.arguments]
    return subprocess.Popen(
        [sys.executable, "-m", "builder", *arguments],
        cwd=world.folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
