"""The memory of an execution environment, and whether it is above the limit."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.functions.environments.process_tree import peak_bytes, resident_bytes, shows_memory

WATCHED = "resident memory of the processes, read every 20 ms"
UNMEASURED = "not measured: this system does not show the memory of processes"


@dataclass(slots=True)
class MemoryMeter:
    """Watches the resident memory of a process and its descendants.

    Attributes:
        limit: Bytes.
        pid: The first process; 0 before it is started.
        peak: The most bytes so far.
    """

    limit: int
    pid: int = 0
    peak: int = 0

    @property
    def source(self) -> str:
        """How the memory is measured."""
        return WATCHED if shows_memory() else UNMEASURED

    def started(self, pid: int) -> None:
        """Remember the first process."""
        self.pid = pid

    def was_killed(self) -> bool:
        """Return whether the system ended the processes because of their memory; here it never does."""
        return False

    def exceeds_limit(self) -> bool:
        """Measure now, and return whether the processes have more memory than allowed."""
        if not self.pid or not shows_memory():
            return False
        self.peak = max(self.peak, resident_bytes(self.pid))
        return self.peak > self.limit

    def read_peak(self) -> int | None:
        """Return the most bytes so far; None when this system does not show them."""
        if not shows_memory():
            return None
        self.peak = max(self.peak, peak_bytes(self.pid))
        return self.peak
