"""Kill builds with SIGKILL at different moments and build again: same bytes, and no half-written file is used."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder.dependencies.store.maintenance import list_entries
from builder.dependencies.store.pack_store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

REPOSITORY = Path(__file__).parents[3]
PARALLEL = 2


@dataclass(frozen=True, kw_only=True)
class Victim:
    """A locked plugin whose packages come from a registry on loopback.

    Attributes:
        folder: The plugin, locked.
        environment: Of the builds; the store is set for each build.
        scratch: For stores and artifacts.
    """

    folder: Path
    environment: Mapping[str, str]
    scratch: Path

    def build(self, store: Path, output: Path) -> subprocess.Popen[str]:
        """Start a build in a session of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "builder", "package", "-p", str(self.folder), "-o", str(output)],
            cwd=self.folder,
            env={**self.environment, "PYTHONPATH": str(REPOSITORY), "BIOT_PLUGIN_STORE": str(store)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


@dataclass(frozen=True, kw_only=True)
class KilledBuild:
    """The result of one build that was killed and then run again.

    Attributes:
        after_seconds: When it was killed.
        alive: Whether it was still at work then.
        whole: Artifacts and packs that the killed build left are the right ones, or none.
        same: The second build gave the very bytes.
        error_output: The output of the second build when it failed.
    """

    after_seconds: float
    alive: bool
    whole: bool
    same: bool
    error_output: str


def kill_points(victim: Victim, count: int) -> tuple[KilledBuild, ...]:
    """Kill ``count`` cold builds, from their first moment to beyond their last, two at a time."""
    start = time.perf_counter()
    expected, packs = _undisturbed(victim)
    length = (time.perf_counter() - start) * 1.3

    def one(number: int) -> KilledBuild:
        return _kill_once(victim, number, length * (number + 0.5) / count, (expected, packs))

    with ThreadPoolExecutor(PARALLEL) as pool:
        return tuple(pool.map(one, range(count)))


def _undisturbed(victim: Victim) -> tuple[bytes, dict[str, bytes]]:
    store, output = victim.scratch / "store", victim.scratch / "output"
    with victim.build(store, output) as process:
        _, stderr = process.communicate()
    assert process.returncode == 0, stderr
    return _artifact(output), _packs(store)


def _kill_once(victim: Victim, number: int, after: float, expected: tuple[bytes, dict[str, bytes]]) -> KilledBuild:
    store, output = victim.scratch / f"store-{number}", victim.scratch / f"output-{number}"
    with victim.build(store, output) as process:
        time.sleep(after)
        alive = process.poll() is None
        if alive and number % 2:
            os.killpg(process.pid, signal.SIGKILL)  # with pip or npm
        else:
            process.kill()  # pip or npm goes on and finds nobody
        process.communicate()
    artifact, packs = expected
    whole = _artifact(output) in {b"", artifact} and _packs(store).items() <= packs.items()
    with victim.build(store, output) as process:
        _, stderr = process.communicate()
    same = process.returncode == 0 and _artifact(output) == artifact and _packs(store) == packs
    return KilledBuild(after_seconds=after, alive=alive, whole=whole, same=same, error_output=stderr)


def _artifact(output: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(output.glob("*.zip")))


def _packs(store: Path) -> dict[str, bytes]:
    """The packs that a build would use, by key."""
    known = Store(store)
    return {row.key: row.file.read_bytes() for row in list_entries(known) if known.find(row.key) is not None}
