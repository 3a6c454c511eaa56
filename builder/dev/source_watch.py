"""Waits until a file changes that a build reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from watchfiles import DefaultFilter, watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from threading import Event

_QUIET_MILLISECONDS = 10
"""A change is reported when no other has come for so long: an editor that saves by renaming makes several at once."""
_LONGEST_MILLISECONDS = 100
_STOP_MILLISECONDS = 200
"""How soon the end of the session is noticed."""


class SourceWatch:
    """The folders of one plugin, watched from now on. Changes that come while nobody waits are not lost.

    Args:
        folders: Watched without the folders inside them, so that ``node_modules`` costs nothing.
        stop: Ends ``wait``.
    """

    def __init__(self, folders: Iterable[str], stop: Event) -> None:
        self.folders = tuple(sorted(folder for folder in set(folders) if Path(folder).is_dir()))
        self._changes: Iterator[object] = watch(
            *self.folders,
            watch_filter=_EditedFiles(),
            debounce=_LONGEST_MILLISECONDS,
            step=_QUIET_MILLISECONDS,
            rust_timeout=_STOP_MILLISECONDS,
            stop_event=stop,
            raise_interrupt=False,
            recursive=False,
            yield_on_timeout=True,
        )
        next(self._changes, None)  # starts to watch

    def wait(self) -> bool:
        """Wait for the next change; False when the session has ended."""
        return any(self._changes)


class _EditedFiles(DefaultFilter):
    """Everything but what editors, Python and the build itself leave beside the sources."""

    ignore_entity_patterns = (*DefaultFilter.ignore_entity_patterns, r"\.tmp$", r"^dist$", r"^4913$")
