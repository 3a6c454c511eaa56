"""The memory of an execution environment, and whether it is above the limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.functions.environments.process_tree import descendants, peak_bytes, resident_bytes, shows_memory

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.functions.isolation.memory_groups import MemoryGroup

COUNTED = "peak of the resident memory; a control group (cgroup) enforces the limit"
WATCHED = "peak of the resident memory, which is compared with the limit every 20 ms"
UNMEASURED = "not measured: this system does not show the memory of processes"


@dataclass(kw_only=True, slots=True)
class MemoryMeter:
    """Watches the memory of the processes of a function.

    Attributes:
        limit: Bytes.
        wrappers: How many processes that isolate the function are in front of its own.
        group: The control group; None where the system allows none.
        pid: The first process; 0 before it is started.
        peak: The most resident bytes so far.
    """

    limit: int
    wrappers: int = 0
    group: MemoryGroup | None = None
    pid: int = 0
    peak: int = 0
    _function_pid: int = 0

    @property
    def source(self) -> str:
        """How the memory is measured."""
        if self.group is not None:
            return COUNTED
        return WATCHED if shows_memory() else UNMEASURED

    @property
    def join_files(self) -> tuple[Path, ...]:
        """The files into which the first process writes its id."""
        return () if self.group is None else self.group.join_files

    @property
    def function_pid(self) -> int:
        """The function's own first process; 0 when there is none yet."""
        if not self._function_pid:
            self._function_pid = next(iter(self._processes()), 0)
        return self._function_pid

    def started(self, pid: int) -> None:
        """Remember the first process."""
        self.pid = pid

    def was_killed(self) -> bool:
        """Return whether the kernel ended a process because of the memory."""
        return self.group is not None and self.group.out_of_memory()

    def exceeds_limit(self) -> bool:
        """Measure now, and return whether the processes have more memory than allowed.

        A control group counts pages that processes share only once.
        """
        if not self.pid or not shows_memory():
            return False
        used = self.group.anonymous() if self.group else sum(map(resident_bytes, self._processes()))
        self.peak = max(self.peak, used)
        return used > self.limit

    def read_peak(self) -> int | None:
        """Return the most resident bytes so far, as the kernel has recorded them; None when it does not show them."""
        if not shows_memory():
            return None
        first = self.function_pid
        self.peak = max(self.peak, sum(map(peak_bytes, (first, *descendants(first)))))
        return self.peak

    def members(self) -> list[int]:
        """Return the processes that the control group has."""
        return [] if self.group is None else self.group.members()

    def close(self) -> None:
        """Delete the control group."""
        if self.group is not None:
            self.group.remove()

    def _processes(self) -> tuple[int, ...]:
        return (self.pid, *descendants(self.pid))[self.wrappers :] if self.pid else ()
