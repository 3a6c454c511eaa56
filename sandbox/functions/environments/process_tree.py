"""The processes of an execution environment: their memory, and how to end all of them.

Linux shows both in ``/proc``. macOS shows memory through ``ps``. Windows shows neither without another library.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PROC = Path("/proc")
_KILOBYTE = 1024


def shows_memory() -> bool:
    """Return whether this system shows the memory of processes."""
    return sys.platform == "linux"


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process; 0 when it has ended. Shared pages count for each process."""
    return _status_bytes(pid)


def peak_bytes(pid: int) -> int:
    """Return the most resident memory that a process has ever had, as the kernel has recorded it."""
    return _status_bytes(pid, b"VmHWM:")


def descendants(pid: int) -> tuple[int, ...]:
    """Return the ids of the children of a process, their children and so on."""
    found: list[int] = []
    pending = [pid]
    while pending:
        children = _children(pending.pop())
        found += children
        pending += children
    return tuple(found)


def kill_process(pid: int) -> None:
    """Kill one process, as somebody else would; its children stay. 0 is no process: the system takes it for a group."""
    if not pid:
        return
    with suppress(OSError):
        os.kill(pid, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)


def end_processes(pid: int, marker: str, members: Callable[[], list[int]]) -> None:
    """End a process, its group, and every process with a marker in its environment variables, wherever it has gone.

    A child that made itself a daemon has left the group and has another parent, but it has the variables with which it
    was started.

    Args:
        pid: The first process, which is the leader of its group.
        marker: ``NAME=value`` that no other program has.
        members: Returns the processes of its control group.
    """
    if os.name == "posix":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
    kill_process(pid)
    # Twice, because a process may have started another one before it was ended.
    for _ in range(2):
        for other in {*_marked_processes(marker.encode()), *members()}:
            with suppress(OSError):
                os.kill(other, signal.SIGKILL)


def _marked_processes(marker: bytes) -> list[int]:
    found = []
    for folder in _PROC.iterdir() if sys.platform == "linux" else ():
        if folder.name.isdigit():
            with suppress(OSError):
                if marker in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
    return found


def _children(pid: int) -> list[int]:
    children: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - every 20 milliseconds
            with suppress(OSError), open(f"/proc/{pid}/task/{thread}/children", "rb") as stream:  # noqa: PTH123
                children += map(int, stream.read().split())
    return children


def _status_bytes(pid: int, field: bytes = b"VmRSS:") -> int:
    with suppress(OSError), open(f"/proc/{pid}/status", "rb") as stream:  # noqa: PTH123 - every 20 milliseconds
        for line in stream:
            if line.startswith(field):
                return int(line.split()[1]) * _KILOBYTE
    return 0
