"""Work in a second thread while this one does something else: hashing, copying and waiting let others run."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

R = TypeVar("R")


def meanwhile(work: Callable[[], R], here: Callable[[], object]) -> R:
    """Do ``work`` in a second thread and ``here`` in this one; both are over afterwards, whatever happens.

    Not an executor: importing ``concurrent.futures`` takes a fifth of what the one use for a single build saves.

    Returns:
        What ``work`` returns.

    Raises:
        BaseException: What ``here`` raises, or else what ``work`` raises.
    """
    done: list[R] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001 - raised below, in the thread that wants the result
            failed.append(error)

    thread = Thread(target=run, name="meanwhile")
    thread.start()
    try:
        here()
    finally:
        thread.join()
    if failed:
        raise failed[0]
    return done[0]
