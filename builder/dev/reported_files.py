"""Reports to the local BioT which plugin.toml a plugin comes from, so that its console can change the file."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from builder.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.dev.dev_session import DevReport
    from builder.dev.watched_plugin import Publication, WatchedPlugin
    from builder.errors import KitError
    from builder.publishing.remote.local_service import LocalService

_PATH = "/watched-files"


class ReportedFiles:
    """A ``DevReport`` that reports the file of each plugin at its first publication, then passes everything on.

    Args:
        local: The local BioT.
        plugins: The plugins of the session.
        report: What receives the publications and failures.
    """

    def __init__(self, local: LocalService, plugins: Sequence[WatchedPlugin], report: DevReport) -> None:
        self._local = local
        self._plugins = plugins
        self._report = report
        self._reported: set[str] = set()
        self._turn = threading.Lock()

    def published(self, publication: Publication) -> None:
        """Report the file, and pass the publication on."""
        if publication.plugin not in self._reported:
            self._reported.add(publication.plugin)
            file = next((file for one in self._plugins if (file := one.file_of(publication.plugin))), None)
            self._send(publication.plugin, str(file or ""))
        self._report.published(publication)

    def failed(self, plugin: WatchedPlugin, error: KitError) -> None:
        """Pass the failure on."""
        self._report.failed(plugin, error)

    def withdraw(self) -> None:
        """Report that nobody watches the files any more."""
        for plugin in self._reported:
            self._send(plugin, "")

    def _send(self, plugin: str, file: str) -> None:
        try:
            with self._turn:  # each plugin has a thread
                self._local.post(_PATH, {"pluginName": plugin, "file": file})
        except PublishError:
            return  # it has stopped, or is older: its console does not show the file, and nothing else is missing
