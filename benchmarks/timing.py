"""Times whole processes, in turn, so that a changing speed of the machine affects all of them."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class TimedCommand:
    """A command to time; ``prepare`` runs before each call and is not timed."""

    name: str
    argv: Sequence[str]
    cwd: Path
    environment: Mapping[str, str] | None = None
    prepare: Callable[[], None] | None = None


@dataclass(frozen=True)
class Times:
    """Wall seconds of several runs of one command."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure to quote."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        return f"{self.median:.3f} s ({min(self.seconds):.3f} to {max(self.seconds):.3f})"


@dataclass(frozen=True, kw_only=True)
class UsedResources:
    """What a process used: its exit code, wall seconds, and peak memory in kilobytes."""

    exit_code: int
    seconds: float
    kilobytes: int


_LAUNCHER = """\
import os, sys, time
null = os.open(os.devnull, os.O_RDWR)
quiet = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
began = time.perf_counter()
_, status, usage = os.wait4(os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet), 0)
print(os.waitstatus_to_exitcode(status), time.perf_counter() - began, usage.ru_maxrss)
"""


def time_once(command: TimedCommand) -> float:
    """Run once and return wall seconds.

    Raises:
        SystemExit: The command failed; its output is the message.
    """
    if command.prepare:
        command.prepare()
    start = time.perf_counter()
    done = subprocess.run(
        command.argv, cwd=command.cwd, env=command.environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        message = f"{command.name} failed with {done.returncode}:\n{done.stdout}{done.stderr}"
        raise SystemExit(message)
    return seconds


def time_in_turn(commands: Sequence[TimedCommand], runs: int) -> list[Times]:
    """One uncounted run of each, then ``runs`` rounds of all in turn; a single round has no run before it."""
    for command in commands if runs > 1 else ():
        time_once(command)
    rounds = [[time_once(command) for command in commands] for _ in range(runs)]
    return [Times(tuple(column)) for column in zip(*rounds, strict=True)]


def peak_memory(command: TimedCommand) -> int:
    """The peak memory of one run in kilobytes, as ``/usr/bin/time -v`` prints it."""
    if command.prepare:
        command.prepare()
    used = resources_of(command.argv, command.cwd, command.environment)
    if used.exit_code != 0:
        message = f"{command.name} failed with {used.exit_code}"
        raise SystemExit(message)
    return used.kilobytes


def resources_of(argv: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> UsedResources:
    """What one process used; its output is dropped.

    A small process starts it: Linux counts the memory of the process that starts another as the other's own.
    """
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, *argv]
    done = subprocess.run(launcher, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    exit_code, seconds, kilobytes = done.stdout.split()
    return UsedResources(exit_code=int(exit_code), seconds=float(seconds), kilobytes=int(kilobytes))
