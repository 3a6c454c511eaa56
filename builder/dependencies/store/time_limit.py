"""Runs optional work in threads, and waits for it only within a time limit."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class TimeLimit:
    """The seconds left to wait, shared by all waits; progress can extend it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()

    @property
    def remaining(self) -> float:
        """Seconds left; the limit is exceeded at 0 or below."""
        return self._seconds

    def extend(self, seconds: float) -> None:
        """Add seconds; a negative number removes some."""
        with self._lock:
            self._seconds += seconds


def run_jobs(jobs: Iterable[Callable[[], None]], limit: TimeLimit, *, threads: int) -> bool:
    """Run jobs at the same time until they are done or the time limit is exceeded.

    The threads are daemons: a thread that hangs in a call, which no library timeout is certain to end, is abandoned and
    does not keep the process alive.

    Args:
        jobs: Must not raise.
        limit: Reduced by the time spent waiting.
        threads: How many jobs run at the same time.

    Returns:
        Whether all jobs are done. Otherwise running jobs may still end later, but no other job starts.
    """
    pending = deque(jobs)

    def work() -> None:
        while pending:
            try:
                job = pending.popleft()
            except IndexError:  # another thread was faster
                return
            job()

    workers = [threading.Thread(target=work, daemon=True) for _ in range(min(threads, len(pending)))]
    for worker in workers:
        worker.start()
    done = all(_join(worker, limit) for worker in workers)
    pending.clear()
    return done


def _join(worker: threading.Thread, limit: TimeLimit) -> bool:
    while worker.is_alive() and limit.remaining > 0:
        start = time.monotonic()
        worker.join(limit.remaining)
        limit.extend(start - time.monotonic())
    return not worker.is_alive()
