"""Publishes plugins, then publishes each again whenever its files change."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from builder.dev.source_watch import SourceWatch
from builder.errors import KitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.dev.watched_plugin import Publication, WatchedPlugin


class DevReport(Protocol):
    """What a session reports to the terminal. Threads call it, one for each plugin."""

    def published(self, publication: Publication) -> None:
        """The local BioT has the sources as they are now."""

    def failed(self, plugin: WatchedPlugin, error: KitError) -> None:
        """The sources have an error; the last good version keeps answering, if there is one."""


class DevSession:
    """Watches plugins until ``stop``; also a context manager.

    Args:
        plugins: To publish and to watch.
        report: Receives every publication and failure.
    """

    def __init__(self, plugins: Sequence[WatchedPlugin], report: DevReport) -> None:
        self._plugins = plugins
        self._report = report
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Publish every plugin, then watch all of them."""
        for plugin in self._plugins:
            watch = SourceWatch(plugin.folders(), self._stop)  # before the build: a change during it is not lost
            self._publish(plugin)
            thread = threading.Thread(target=self._run, args=(plugin, watch), name=f"dev-{plugin.name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def publish_all(self) -> None:
        """Publish every plugin again, whether its files have changed or not."""
        for plugin in self._plugins:
            self._publish(plugin)

    def stop(self) -> None:
        """End the watching, after the publication that is running."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, plugin: WatchedPlugin, watch: SourceWatch) -> None:
        while watch.wait():
            folders = plugin.folders()
            if set(folders) != set(watch.folders):  # a new folder: watch it before its files are read
                watch = SourceWatch(folders, self._stop)
            self._publish(plugin)

    def _publish(self, plugin: WatchedPlugin) -> None:
        try:
            publication = plugin.publish()
        except KitError as error:
            self._report.failed(plugin, error)
        else:
            self._report.published(publication)
