"""Time as the publisher sees it, so that tests can have their own."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> datetime:
        """The wall clock, in UTC: for journals, and for tokens that end."""

    def monotonic(self) -> float:
        """Seconds that never jump: for deadlines."""

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds; not at all for zero or less."""


class SystemClock:
    """The machine's."""

    def now(self) -> datetime:
        """The wall clock, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""
        if seconds > 0:
            time.sleep(seconds)
