"""A running ``biot-plugin dev`` on a terminal of its own."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DEADLINE = 120.0
_STOP_SECONDS = 30


@dataclass
class RunningDev:
    """The process and its terminal.

    Attributes:
        process: ``biot-plugin dev``.
        terminal: The descriptor that shows what it prints, and that keys are written to.
        folder: Of the plugin.
        output: What it has printed since the last match.
        transcript: What it printed before.
    """

    process: subprocess.Popen[bytes]
    terminal: int
    folder: Path
    output: str = field(default="")
    transcript: str = field(default="")

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read until the output has the pattern."""
        deadline = time.monotonic() + DEADLINE
        while not (match := re.search(pattern, self.output)):
            assert time.monotonic() < deadline, f"{pattern} did not appear in {self.output!r}"
            if select.select([self.terminal], [], [], 0.1)[0]:
                try:
                    self.output += os.read(self.terminal, 65536).decode("utf-8", "replace")
                except OSError as error:  # the terminal is closed when the program has ended
                    raise AssertionError(self.output) from error
        self.transcript += self.output[: match.end()]
        self.output = self.output[match.end() :]
        return match

    def press(self, key: str) -> None:
        """Press a key."""
        os.write(self.terminal, key.encode())


@contextmanager
def running_dev(folder: Path, variables: Mapping[str, str], *options: str) -> Iterator[RunningDev]:
    """Run ``biot-plugin dev`` for a plugin, with these environment variables in addition, until the end of the block.

    It has a terminal of its own. If this process is killed, the terminal is closed, which ends it as well.
    """
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "builder", "dev", "--port", "0", "--any-python", *options]
    environment = {**os.environ, "COLUMNS": "200", **variables}
    own = partial(os.login_tty, theirs)
    process = subprocess.Popen(argv, cwd=folder, env=environment, preexec_fn=own)  # noqa: PLW1509 - it takes no lock
    os.close(theirs)
    try:
        yield RunningDev(process, ours, folder)
    finally:
        os.close(ours)
        try:
            process.wait(_STOP_SECONDS)
        finally:
            process.kill()
            process.wait()


def save_by_renaming(file: Path, text: str) -> None:
    """Save a file as many editors do: write another one, then rename it."""
    new = file.with_name(f"{file.name}.tmp")
    new.write_text(text, "utf-8")
    new.replace(file)


def answer_of(address: str, plugin: str) -> str:
    """What the endpoint of a plugin on a local BioT answers to a call."""
    with httpx.Client(trust_env=False, timeout=DEADLINE) as client:
        return client.post(f"{address}/run/Plugin-{plugin}/", json={}).text
