"""What goes wrong in a fleet: killed machines, and a bucket that is slow, full, gone, or goes in the middle."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from benchmarks.images.section import Row, Section
from benchmarks.scale.machines import Fleet, joined
from tests.support.servers.s3 import BrokenS3, broken_s3, working_s3

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.scale.machines import MachineRun
    from benchmarks.scale.repository import PluginRepository

MACHINES = 4
_BEHAVIOURS = {"slow": "drip", "silent": "hang", "full": "full", "refusing": "503"}
_CLOSED_PORT = "http://127.0.0.1:9"


def measure(
    repository: PluginRepository, home: Path, environment: Mapping[str, str], expected: Mapping[str, str]
) -> Section:
    """Build with four machines for each fault, and compare the bytes with those of a fleet without faults."""
    fleet = Fleet(repository=repository, home=home, environment=environment)
    rows = [_killed(fleet, expected)]
    for name, behaviour in _BEHAVIOURS.items():
        with broken_s3(BrokenS3(behaviour)) as url:
            rows.append(_row(f"the bucket is {name}", _in(fleet, name, url).run(MACHINES), expected))
    rows.append(_row("the bucket is gone", _in(fleet, "gone", _CLOSED_PORT).run(MACHINES), expected))
    rows.append(_gone_in_the_middle(fleet, expected))
    about = f"{MACHINES} machines each time, with empty stores."
    return Section(heading="Faults", about=about, rows=tuple(rows))


def _in(fleet: Fleet, name: str, bucket: str) -> Fleet:
    return Fleet(repository=fleet.repository, home=fleet.home / name, environment=fleet.environment, bucket=bucket)


def _killed(fleet: Fleet, expected: Mapping[str, str]) -> Row:
    """Two of four machines are killed, one while it fetches and one while it builds; others do their shares again."""
    with working_s3() as s3:
        killed = _in(fleet, "killed", s3.url)
        machines = [killed.start(number, MACHINES) for number in range(1, MACHINES + 1)]
        machines[1].wait_for_artifacts(1)
        machines[0].kill()
        machines[1].wait_for_artifacts(max(2, len(expected) // MACHINES // 2))
        machines[1].kill()
        runs = [machine.wait() for machine in machines]
        again = [killed.start(number, MACHINES, f"again-{number}") for number in (1, 2)]
        runs += [machine.wait() for machine in again]
    ended = [run for run in runs if run.exit_code >= 0]
    lost = len(runs) - len(ended)
    partial = all(expected.get(name) == digest for run in runs for name, digest in run.artifacts.items())
    row = _row(f"{lost} machines are killed, and their shares given to others", ended, expected)
    return Row(what=row.what, bar=row.bar, figure=row.figure, met=row.met and partial)


def _gone_in_the_middle(fleet: Fleet, expected: Mapping[str, str]) -> Row:
    with ExitStack() as running:
        s3 = running.enter_context(working_s3())
        fading = _in(fleet, "fading", s3.url)
        machines = [fading.start(1, MACHINES)]
        machines[0].wait_for_artifacts(1)
        machines += [fading.start(number, MACHINES) for number in range(2, MACHINES + 1)]
        machines[-1].wait_for_artifacts(1, seconds=1)
    return _row("the bucket goes in the middle", [machine.wait() for machine in machines], expected)


def _row(what: str, runs: list[MachineRun], expected: Mapping[str, str]) -> Row:
    found = joined(runs)
    failed = [run for run in runs if run.exit_code != 0]
    same = found == expected and not failed
    cpu = sum(run.cpu_seconds for run in runs)
    figure = f"the same, {cpu:.1f} s of work" if same else f"{len(found)} artifacts, {len(failed)} machines failed"
    return Row(what=what, bar="the same bytes", figure=figure, met=same)
