"""Each package is fetched from the index by one machine of a fleet; the others wait until it is in the bucket.

A machine claims what the bucket lacks. Of what others have claimed before, it waits for one package at a time. When
nothing arrives for a while, because the other machine was killed or cannot write to the bucket, it fetches the rest
itself. Claims decide only who fetches, never what.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from builder.dependencies.store.shared_store import SharedStore
    from builder.progress import Progress

PATIENCE_SECONDS: Final = 30.0
"""Longest wait without a new package. A machine adds packages when it has fetched all of a lock, which takes 2 to 6
seconds for generated plugins, and longer with a busy index."""
_PAUSE_SECONDS: Final = 0.25


def fetch_once_per_fleet(
    digests: Iterable[str],
    shared: SharedStore,
    progress: Progress,
    *,
    from_bucket: Callable[[Collection[str]], Collection[str]],
    from_index: Callable[[Collection[str]], None],
) -> None:
    """Get packages that the bucket lacked a moment ago.

    Args:
        digests: Of the packages, as in locks.
        shared: The bucket.
        progress: Receives what is wrong with the bucket.
        from_bucket: Fetches what the bucket has by now, and returns which it had.
        from_index: Fetches from the index, and adds to the bucket.
    """
    wanted = tuple(digests)
    taken = shared.claim(wanted, progress)
    mine = [digest for digest in wanted if digest not in taken]
    if mine:
        from_index(mine)
    waiting = [digest for digest in wanted if digest in taken]
    last = time.monotonic()
    while waiting and shared.is_used and time.monotonic() - last < PATIENCE_SECONDS:
        found = from_bucket(waiting[:1])
        if found:
            found = {*found, *from_bucket(waiting[1:])}
            waiting = [digest for digest in waiting if digest not in found]
            last = time.monotonic()
        else:
            waiting = [*waiting[1:], waiting[0]]
            time.sleep(_PAUSE_SECONDS)
    if waiting:
        from_index(waiting)
