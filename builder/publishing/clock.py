"""Time as publishing sees it, so that tests can replace it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Reads the time and waits."""

    def now(self) -> datetime:
        """The wall clock, in UTC: for journals and for tokens that expire."""

    def monotonic(self) -> float:
        """Seconds that never jump: for deadlines."""

    def sleep(self, seconds: float) -> None:
        """Wait this many seconds; return at once for zero or less."""


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """The wall clock, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait this many seconds."""
        if seconds > 0:
            time.sleep(seconds)
