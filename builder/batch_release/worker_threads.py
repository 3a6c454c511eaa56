"""Runs the same work for many items in a few threads, and ends in order when Ctrl-C is pressed."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

_POLL_SECONDS: Final = 0.5
"""How often the waiting thread looks for Ctrl-C where the system cannot wake it."""


def run_in_threads(
    items: Sequence[T], work: Callable[[T], None], *, threads: int, interrupted: Callable[[], None]
) -> bool:
    """Work on every item; the first Ctrl-C starts no other item and waits for those that are being worked on.

    The threads are daemons, so a second Ctrl-C ends the process at once.

    Args:
        items: What to work on, in this order.
        work: Must not raise.
        threads: How many items at the same time.
        interrupted: Called after the first Ctrl-C, before waiting.

    Returns:
        Whether every item was worked on.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed twice.
    """
    pending = deque(items)

    def work_on_pending(done: threading.Event) -> None:
        try:
            while pending:
                try:
                    item = pending.popleft()
                except IndexError:  # another thread was faster
                    return
                work(item)
        finally:
            done.set()

    # Not Thread.join: until Python 3.12, Ctrl-C during a join marks the running thread as ended.
    done = [threading.Event() for _ in range(min(threads, len(items)))]
    for event in done:
        threading.Thread(target=work_on_pending, args=(event,), daemon=True).start()
    try:
        _wait(done)
    except KeyboardInterrupt:
        pending.clear()
        interrupted()
        _wait(done)
        return False
    return True


def _wait(done: Sequence[threading.Event]) -> None:
    for event in done:
        while not event.wait(_POLL_SECONDS):
            pass
