"""Work in a second thread while this one does something else: hashing, copying and waiting let others run."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

R = TypeVar("R")


def run_both(work: Callable[[], R], beside: Callable[[], object]) -> R:
    """Do ``work`` in this thread and ``beside`` in a second one; both are over afterwards, whatever happens.

    What may take long belongs into ``work``: Ctrl-C reaches only this thread.
    Not an executor: importing ``concurrent.futures`` takes a fifth of what the one use for a single build saves.

    Returns:
        What ``work`` returns.

    Raises:
        BaseException: What ``work`` raises, or else what ``beside`` raises.
    """
    failed: list[BaseException] = []

    def run() -> None:
        try:
            beside()
        except BaseException as error:  # noqa: BLE001 - raised below, in the thread that waits
            failed.append(error)

    thread = Thread(target=run, name="meanwhile")
    thread.start()
    try:
        done = work()
    finally:
        thread.join()
    if failed:
        raise failed[0]
    return done
