"""Work that a build can do without: done by helping threads, waited for as long as patience lasts."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class TimeLimit:
    """How long is still waited, in seconds; all waits take from it, and what is achieved gives back."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()

    @property
    def left(self) -> float:
        """Seconds that are left; none when below 0."""
        return self._seconds

    def change(self, seconds: float) -> None:
        """Give seconds back, or take some."""
        with self._lock:
            self._seconds += seconds


def run_jobs(jobs: Iterable[Callable[[], None]], patience: TimeLimit, *, threads: int) -> bool:
    """Run jobs at the same time, until they are done or patience has run out.

    The threads are daemons: one that hangs in a call, which no timeout of a library ends for certain, is left behind
    and does not keep the process alive.

    Args:
        jobs: Must not raise.
        patience: What the waiting is taken from.
        threads: How many jobs run at the same time.

    Returns:
        Whether all jobs are done. Of the others those under way may still end later, no other one begins.
    """
    waiting = deque(jobs)

    def work() -> None:
        while waiting:
            try:
                job = waiting.popleft()
            except IndexError:  # another thread was faster
                return
            job()

    workers = [threading.Thread(target=work, daemon=True) for _ in range(min(threads, len(waiting)))]
    for worker in workers:
        worker.start()
    done = all(_joined(worker, patience) for worker in workers)
    waiting.clear()
    return done


def _joined(worker: threading.Thread, patience: TimeLimit) -> bool:
    while worker.is_alive() and patience.left > 0:
        start = time.monotonic()
        worker.join(patience.left)
        patience.change(start - time.monotonic())
    return not worker.is_alive()
