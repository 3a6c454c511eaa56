"""A clock on which waiting costs nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class VirtualClock:
    """Time passes only by sleeping; remembers each wait."""

    def __init__(self, start: datetime = datetime(2026, 11, 20, tzinfo=UTC)) -> None:
        self._now = start
        self._monotonic = 0.0
        self.waits: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        """Let time pass without anybody waiting."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds
