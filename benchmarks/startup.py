"""How fast the kit starts: bars in units of ``python -c "import click"``, so that they hold on any machine."""

from __future__ import annotations

import hashlib
import shutil
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.timing import TimedCommand, time_in_turn, time_once
from tests.support.machine.busy_cores import busy_machine

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from benchmarks.peers import Peer
    from benchmarks.workloads import Workload

_SETTLED = 0.1
"""Seconds after which a file counts as old: a build of fresher files is not recorded (builder/last_build.py)."""
_LOOP = "for _ in range(2_000_000): pass"
_MEGABYTES = 64


@dataclass(frozen=True, kw_only=True)
class StartBars:
    """What is fast enough for one plugin.

    Attributes:
        unchanged: Largest multiple of ``import click`` when nothing has changed.
        changed: The same when one source line has changed.
        peer: Smallest ratio to uv + zip, with a warm store and no earlier artifact.
    """

    unchanged: float
    changed: float
    peer: float


@dataclass(frozen=True, kw_only=True)
class Situation:
    """How the machine is while the commands run."""

    name: str
    prefix: tuple[str, ...]
    load: AbstractContextManager[None]


def machine_reference(runs: int) -> str:
    """One line about the speed of this machine, measured now."""
    commands = [
        TimedCommand(name=name, argv=[sys.executable, "-c", code], cwd=Path())
        for name, code in (("pass", "pass"), ("import click", "import click"), ("loop", _LOOP))
    ]
    empty, click, loop = (times.median for times in time_in_turn(commands, runs))
    start = time.perf_counter()
    hashlib.sha256(bytes(_MEGABYTES << 20)).digest()
    sha256 = time.perf_counter() - start
    return (
        f'This machine, just before: `python -c pass` {empty * 1000:.0f} ms, `python -c "import click"` '
        f"{click * 1000:.0f} ms, a loop of two million passes {(loop - empty) * 1000:.0f} ms, sha256 of "
        f"{_MEGABYTES} MB {sha256 * 1000:.0f} ms."
    )


def start_rows(workload: Workload, peer: Peer, home: Path, runs: int, bars: StartBars) -> list[str]:
    """The rows of one plugin: on the whole machine, on one core, and beside busy neighbours."""
    rows: list[str] = []
    for situation in _situations():
        with situation.load:
            rows += _measure(workload, situation, peer.command(workload, home / "out"), runs, bars)
    return rows


def _situations() -> list[Situation]:
    situations = [Situation(name="", prefix=(), load=nullcontext())]
    if taskset := shutil.which("taskset"):
        situations.append(Situation(name=", on one core", prefix=(taskset, "-c", "0"), load=nullcontext()))
    return [*situations, Situation(name=", with every core busy", prefix=(), load=busy_machine())]


def _measure(workload: Workload, situation: Situation, peer: TimedCommand, runs: int, bars: StartBars) -> list[str]:
    def on(command: TimedCommand) -> TimedCommand:
        return replace(command, argv=[*situation.prefix, *command.argv])

    click = on(TimedCommand(name="import click", argv=[sys.executable, "-c", "import click"], cwd=workload.folder))
    kit = on(
        TimedCommand(
            name="biot-plugin package",
            argv=workload.kit("package"),
            cwd=workload.folder,
            environment=workload.environment,
        )
    )
    source, text = workload.handler, workload.handler.read_text("utf-8")
    count = iter(range(10**6))
    changed = replace(kit, prepare=lambda: _change(source, f"{text}# {next(count)}\n"))
    complete = replace(kit, prepare=workload.delete_artifact)
    try:
        one_line, complete_build, theirs, reference = time_in_turn([changed, complete, on(peer), click], runs)
        time.sleep(_SETTLED)
        time_once(kit)
        unchanged, reference_again = time_in_turn([kit, click], max(runs, 10))
    finally:
        source.write_text(text, "utf-8")
    name = situation.name
    return [
        f"| nothing changed{name} | {unchanged} | | |",
        _multiple("**times `import click`**", unchanged.median / reference_again.median, bars.unchanged),
        f"| one source line changed{name} | {one_line} | | |",
        _multiple("**times `import click`**", one_line.median / reference.median, bars.changed),
        f"| store warm, no earlier artifact{name}; uv + zip | {complete_build}; {theirs} | | |",
        _at_least("**ratio to uv + zip**", theirs.median / complete_build.median, bars.peer),
    ]


def _change(source: Path, text: str) -> None:
    source.write_text(text, "utf-8")
    time.sleep(_SETTLED)


def _multiple(label: str, factor: float, bar: float) -> str:
    return f"| {label} | {factor:.1f} | at most {bar:g} | {'met' if factor <= bar else '**missed**'} |"


def _at_least(label: str, ratio: float, bar: float) -> str:
    return f"| {label} | {ratio:.1f} times faster | at least {bar:g} | {'met' if ratio >= bar else '**missed**'} |"
