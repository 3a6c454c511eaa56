"""The current time, replaceable in tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Provides the current time."""

    def now(self) -> datetime:
        """Return the current time in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC)


class AdjustableClock:
    """A clock that can be moved, and goes on from there.

    Args:
        clock: The clock that it follows.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return self._clock.now() + self._offset

    def move_to(self, moment: datetime) -> None:
        """Make it a certain time now."""
        self._offset = moment - self._clock.now()

    def reset(self) -> None:
        """Follow the other clock again."""
        self._offset = timedelta()


def iso(moment: datetime) -> str:
    """Format a time as BioT does: ISO 8601 in UTC with milliseconds, ``2026-01-01T00:00:00.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
