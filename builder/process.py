"""The one place that starts other programs: argument lists only, never a shell."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Completed:
    """A finished program: its exit code and everything it wrote, as text."""

    argv: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str


def find_program(name: str) -> str | None:
    """The absolute path of a program on the user's PATH, or None."""
    return shutil.which(name)


def run(argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str] | None = None) -> Completed:
    """Run a program to its end and capture what it writes.

    Args:
        argv: Program and arguments; nothing is interpreted by a shell.
        cwd: The folder it runs in.
        environment: The whole environment, or None for the caller's own.

    Raises:
        FileNotFoundError: The program is not there.
    """
    done = subprocess.run(
        list(argv),
        cwd=cwd,
        env=None if environment is None else dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return Completed(argv=tuple(argv), returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)


def current_environment() -> dict[str, str]:
    """A copy of this process's environment, to change and hand on."""
    return dict(os.environ)
