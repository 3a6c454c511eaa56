"""Machines of a CI fleet, simulated: processes with stores of their own, one package index and one bucket for all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.servers.s3 import ADDRESS, settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.scale.repository import PluginRepository

KIT = (sys.executable, "-m", "builder")
REPOSITORY = Path(__file__).parents[2]
_PRIVATE = ("PIP_", "UV_", "NPM_CONFIG_", "AWS_", "BIOT_PLUGIN_", "GIT_")


def operator_environment(home: Path, index: str, registry: str) -> dict[str, str]:
    """The environment of a machine that takes packages from one index and one registry, and from nowhere else."""
    home.mkdir(parents=True, exist_ok=True)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(_PRIVATE) and not name.lower().endswith("_proxy")
    }
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | {
        "HOME": str(home),
        "PYTHONPATH": str(REPOSITORY),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": f"{index}/simple",
        "NPM_CONFIG_REGISTRY": f"{registry}/",
        "NO_PROXY": "127.0.0.1",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineRun:
    """What one machine did.

    Attributes:
        exit_code: Of the command; negative when it was killed.
        cpu_seconds: User and system time, with that of pip and npm.
        artifacts: Name of each artifact -> its sha256.
        notes: What it wrote to standard error.
    """

    exit_code: int
    cpu_seconds: float
    artifacts: Mapping[str, str]
    notes: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Fleet:
    """Machines that package one repository together.

    Attributes:
        repository: Each machine reads the same checkout and writes to a folder of its own.
        home: For the machines' stores and artifacts; new for each run.
        environment: Of an operator (``operator_environment``).
        bucket: The URL of the S3; empty for machines that share nothing.
    """

    repository: PluginRepository
    home: Path
    environment: Mapping[str, str]
    bucket: str = ""

    def start(self, number: int, count: int, name: str = "") -> Machine:
        """Start the machine that packages share ``number`` of ``count``, with an empty store."""
        folder = self.home / (name or f"machine-{number}")
        folder.mkdir(parents=True)
        argv = [*KIT, "package", "--all", "--shard", f"{number}/{count}", "--output", str(folder / "out")]
        argv += ["--store", ADDRESS] if self.bucket else []
        variables = {**self.environment, **(settings(self.bucket) if self.bucket else {})}
        # Caches of pip and npm are in the home folder: a machine has its own.
        variables |= {"BIOT_PLUGIN_STORE": str(folder / "store"), "HOME": str(folder)}
        with (folder / "stderr").open("wb") as errors:
            process = subprocess.Popen(
                argv,
                cwd=self.repository.folder,
                env=variables,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        return Machine(process=process, folder=folder)

    def run(self, count: int) -> list[MachineRun]:
        """Start ``count`` machines at once and wait for all."""
        machines = [self.start(number, count) for number in range(1, count + 1)]
        return [machine.wait() for machine in machines]


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """A running machine."""

    process: subprocess.Popen[bytes]
    folder: Path

    def wait(self) -> MachineRun:
        """Wait for its end."""
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return MachineRun(
            exit_code=self.process.returncode,
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            artifacts=artifact_digests(self.folder / "out"),
            notes=(self.folder / "stderr").read_text("utf-8", "replace"),
        )

    def wait_for_artifacts(self, count: int, seconds: float = 300) -> None:
        """Wait until it has written some artifacts, or has ended."""
        deadline = time.monotonic() + seconds
        while len(artifact_digests(self.folder / "out")) < count and time.monotonic() < deadline:
            if os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return
            time.sleep(0.02)

    def kill(self) -> None:
        """Cut its power: everything that it started ends too, and nothing is cleaned up."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def artifact_digests(folder: Path) -> dict[str, str]:
    """Name of each complete artifact in a folder -> its sha256; a build writes the ``.sha256`` file last."""
    names = [file.name.removesuffix(".sha256") for file in folder.glob("*.sha256")]
    return {f"{name}.zip": hashlib.sha256((folder / f"{name}.zip").read_bytes()).hexdigest() for name in names}


def joined(runs: Sequence[MachineRun]) -> dict[str, str]:
    """The artifacts of all machines."""
    return {name: digest for run in runs for name, digest in run.artifacts.items()}
