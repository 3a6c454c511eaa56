"""The only module that starts other programs: with argument lists, never through a shell."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import NoReturn


class CompletedProcess(Struct, frozen=True, kw_only=True):
    """A finished program: its exit code and everything it wrote, as text."""

    argv: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str


def find_program(name: str) -> str | None:
    """The absolute path of a program on the user's PATH, or None."""
    import shutil

    return shutil.which(name)


def run(
    argv: Sequence[str], *, cwd: Path | None, environment: Mapping[str, str] | None = None, text: str = ""
) -> CompletedProcess:
    """Run a program to its end and capture its output.

    Args:
        argv: Program and arguments, without a shell.
        cwd: The folder it runs in; None for the current one.
        environment: The whole environment, or None for the caller's own.
        text: What it reads from standard input.

    Raises:
        FileNotFoundError: There is no such program.
    """
    import subprocess  # not needed when every package is already in the store

    completed = subprocess.run(
        list(argv),
        cwd=cwd,
        env=None if environment is None else dict(environment),
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return CompletedProcess(
        argv=tuple(argv), returncode=completed.returncode, stdout=completed.stdout, stderr=completed.stderr
    )


async def start(
    observer: asyncio.SubprocessProtocol, argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str]
) -> asyncio.SubprocessTransport:
    """Start a program that goes on running, as the leader of a new group of processes.

    Args:
        observer: Receives its output (standard error too, in the order of writing) and its end.
        argv: Program and arguments, without a shell.
        cwd: The folder it runs in.
        environment: The whole environment.

    Raises:
        OSError: It cannot be started.
    """
    import asyncio

    transport, _observer = await asyncio.get_running_loop().subprocess_exec(
        lambda: observer,
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=cwd,
        env=dict(environment),
        start_new_session=os.name == "posix",
    )
    return transport


def restart_in_utf8_mode() -> NoReturn:
    """Restart this command in the same process, with a Python that decodes every file name as UTF-8.

    Under a locale such as ISO-8859-1, Python decodes names differently, so ``größe.txt`` would be a different path in
    the artifact than on other machines.
    """
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 - no shell wanted


def current_environment() -> dict[str, str]:
    """A copy of this process's environment variables."""
    return dict(os.environ)
