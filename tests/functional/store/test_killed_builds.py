"""Killed builds, and builds at the same time. ``tox -e repro`` kills 50."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.machine.killed_builds import Victim, kill_points
from tests.support.plugins.locked_plugin import WHEELS, locked_plugin
from tests.support.repetitions import exhaustive_after

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.package_registries import PythonIndex

COUNTS = (2, 4)


@pytest.fixture
def victim(index: PythonIndex, tmp_path: Path) -> Victim:
    plugin = locked_plugin(tmp_path)
    for (name, version), files in WHEELS.items():
        index.wheel(name, version, files=files)
    return Victim(folder=plugin.folder, environment=dict(os.environ), scratch=tmp_path)


@pytest.mark.parametrize("count", exhaustive_after(1, COUNTS))
def test_a_killed_build_leaves_no_partial_files_and_the_next_build_is_equal(victim: Victim, count: int) -> None:
    killed = kill_points(victim, count)
    assert [one for one in killed if not (one.whole and one.same)] == []
    assert sum(one.alive for one in killed) >= count // 2


def test_parallel_cold_builds_share_one_store(victim: Victim) -> None:
    store = victim.scratch / "shared store"
    builds = [victim.build(store, victim.scratch / f"out{number}") for number in range(3)]
    errors = [build.communicate()[1] for build in builds]
    assert [build.returncode for build in builds] == [0, 0, 0], errors
    artifacts = {(victim.scratch / f"out{number}" / "sample-1.zip").read_bytes() for number in range(3)}
    assert len(artifacts) == 1
