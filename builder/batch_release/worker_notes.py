"""Progress of several threads as one: their notes with the plugin's name, and one step for each finished plugin."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.progress import Progress


class WorkerNotes:
    """Passes on notes, each once and with the name of the plugin that the thread works on. Steps are not shown.

    Args:
        progress: Where the notes go.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._local = threading.local()
        self._noted: set[str] = set()

    def work_on(self, plugin: str) -> None:
        """From now on, this thread's notes are about this plugin."""
        self._local.plugin = plugin

    def finish(self, plugin: str, line: str = "") -> None:
        """Count a finished plugin, and print how it ended if there is something to say."""
        with self._lock:
            if line:
                self._progress.note(f"{plugin}: {line}")
            self._progress.advance(plugin)

    def begin(self, task: str, total: int) -> None:
        """Do nothing: the steps of several plugins at once would overwrite each other."""

    def advance(self, item: str) -> None:
        """Do nothing."""

    def note(self, message: str) -> None:
        """Pass a note on, unless it was passed on before."""
        plugin = getattr(self._local, "plugin", "")
        text = f"{plugin}: {message}" if plugin else message
        with self._lock:
            if text not in self._noted:
                self._noted.add(text)
                self._progress.note(text)
