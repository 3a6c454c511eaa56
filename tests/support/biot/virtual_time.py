"""Virtual clocks: one for a single caller, one for several actors. Waiting takes no real time."""

from __future__ import annotations

import heapq
import itertools
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2026, 11, 20, tzinfo=UTC)


class VirtualClock:
    """Time passes only by sleeping; remembers each wait."""

    def __init__(self, start: datetime = START) -> None:
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
        """Let time pass without a wait."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


class Timeline:
    """The clock and the scheduler of several actors.

    An actor is a function in its own thread. It runs until it sleeps or ends; then the earliest event is next. So
    exactly one thing happens at a time, and the order depends only on the requested times, not on the machine's speed.

    Attributes:
        seconds: The current time, counted from the start.
    """

    def __init__(self, start: datetime = START) -> None:
        self.seconds = 0.0
        self._start = start
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._turn_ended = threading.Semaphore(0)
        self._batons = threading.local()
        self._failures: list[BaseException] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def at(self, seconds: float, event: Callable[[], None]) -> None:
        """Schedule an event that is not in the past; events at the same time happen in the order they were added."""
        assert seconds >= self.seconds
        heapq.heappush(self._events, (seconds, next(self._numbers), event))

    def begin(self, seconds: float, actor: Callable[[], None]) -> None:
        """Start an actor at a time."""
        baton = threading.Semaphore(0)

        def body() -> None:
            self._batons.mine = baton
            baton.acquire()
            try:
                actor()
            except BaseException as error:  # noqa: BLE001 - raised again by run()
                self._failures.append(error)
            finally:
                self._turn_ended.release()

        threading.Thread(target=body, daemon=True).start()
        self.at(seconds, lambda: self._resume(baton))

    def sleep(self, seconds: float) -> None:
        """Called by an actor: let all earlier events happen first."""
        baton: threading.Semaphore = self._batons.mine
        self.at(self.seconds + max(0.0, seconds), lambda: self._resume(baton))
        self._turn_ended.release()
        baton.acquire()

    def run(self) -> None:
        """Run until the last event. Raises what an actor raised."""
        while self._events:
            self.seconds, _, event = heapq.heappop(self._events)
            event()
            if self._failures:
                raise self._failures[0]

    def _resume(self, baton: threading.Semaphore) -> None:
        baton.release()
        self._turn_ended.acquire()
