"""One, two, four and eight machines build the whole repository: the same bytes, and hardly more work than one."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.images.section import Row, Section
from benchmarks.scale.machines import Fleet, joined
from tests.support.servers.s3 import working_s3

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.scale.machines import MachineRun
    from benchmarks.scale.repository import PluginRepository
    from tests.support.servers.package_registries import Registry

MOST_GROWTH = 10
"""Percent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageServers:
    """The index and the registry, which record what is fetched."""

    registries: Sequence[Registry]

    def forget(self) -> None:
        """Forget the requests so far."""
        for registry in self.registries:
            registry.requests.clear()

    def fetched(self) -> Counter[str]:
        """How often each package file was fetched."""
        paths = [path for registry in self.registries for path in registry.requests]
        return Counter(path for path in paths if path.endswith((".whl", ".tgz")))


@dataclass(frozen=True, kw_only=True, slots=True)
class _FleetRun:
    machines: int
    runs: Sequence[MachineRun]
    seconds: float
    fetched: Counter[str]

    @property
    def work(self) -> float:
        return sum(run.cpu_seconds for run in self.runs)


def measure(
    repository: PluginRepository,
    home: Path,
    environment: Mapping[str, str],
    servers: PackageServers,
    sizes: Sequence[int],
) -> tuple[Section, Mapping[str, str]]:
    """Build with fleets of several sizes; also returns the artifacts, which every other run must give too."""
    fleets = []
    for size in sizes:
        servers.forget()
        with working_s3() as s3:
            fleet = Fleet(repository=repository, home=home / f"{size}", environment=environment, bucket=s3.url)
            begin = time.monotonic()
            runs = fleet.run(size)
            seconds = time.monotonic() - begin
        fleets.append(_FleetRun(machines=size, runs=runs, seconds=seconds, fetched=servers.fetched()))
    expected = joined(fleets[0].runs)
    assert len(expected) == repository.count, fleets[0].runs[0].notes[-2000:]
    rows = [row for fleet in fleets for row in _rows(fleet, fleets[0], expected)]
    about = (
        "Each machine is a process with an empty store of its own, and packages its `--shard`; the bucket (moto) is "
        "empty at first, and all machines start at once. Work is processor time, with that of pip and npm."
    )
    return Section(heading="Fleets", about=about, rows=tuple(rows)), expected


def _rows(fleet: _FleetRun, first: _FleetRun, expected: Mapping[str, str]) -> list[Row]:
    growth = 100 * (fleet.work / first.work - 1)
    name = f"{fleet.machines} machine{'' if fleet.machines == 1 else 's'}"
    most = max(fleet.fetched.values(), default=0)
    gave_up = sum("is no longer used" in run.notes for run in fleet.runs)
    longest = max(run.cpu_seconds for run in fleet.runs)
    work = f"{fleet.work:.1f} s in total ({growth:+.1f} %), {longest:.1f} s on the busiest"
    same = joined(fleet.runs) == expected and all(run.exit_code == 0 for run in fleet.runs)
    return [
        Row(what=f"{name}: work", bar=f"growth under {MOST_GROWTH} %", figure=work, met=growth < MOST_GROWTH),
        Row(
            what=f"{name}: package files from the index",
            bar="each once",
            figure=f"{len(fleet.fetched)} files, {fleet.fetched.total()} fetches, one at most {most} times; "
            f"{gave_up} machines gave the bucket up",
            met=most == 1,
        ),
        Row(what=f"{name}: artifacts", bar="the same bytes", figure="the same" if same else "different", met=same),
    ]
