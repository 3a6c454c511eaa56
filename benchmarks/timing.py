"""Times whole processes, in turn, so that a changing speed of the machine affects all of them."""

from __future__ import annotations

import os
import statistics
import subprocess
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
    started = subprocess.Popen(
        command.argv, cwd=command.cwd, env=command.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(started.pid, 0)
    started.returncode = os.waitstatus_to_exitcode(status)
    if started.returncode != 0:
        message = f"{command.name} failed with {started.returncode}"
        raise SystemExit(message)
    return usage.ru_maxrss
