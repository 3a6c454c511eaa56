"""Which plugin.toml on this machine a plugin comes from, as ``biot-plugin dev`` reported it."""

from __future__ import annotations

import threading
from pathlib import Path

from builder.manifest import FILE_NAME
from builder.platform.limits import NAME_PREFIX
from sandbox.web.biot_errors import bad_request


class WatchedFiles:
    """The files of one running local BioT; forgotten when it stops. Thread-safe."""

    def __init__(self) -> None:
        self._files: dict[str, Path] = {}
        self._turn = threading.Lock()

    def watch(self, plugin: str, file: str) -> None:
        """Remember the file of a plugin.

        Args:
            plugin: The plugin's name, with or without the platform's prefix.
            file: The absolute path of its plugin.toml.

        Raises:
            ApiError: 400, this is not such a path.
        """
        path = Path(file)
        if not path.is_absolute() or path.name != FILE_NAME:
            message = f"file must be the absolute path of a {FILE_NAME}."
            raise bad_request(message)
        with self._turn:
            self._files[_full_name(plugin)] = path

    def forget(self, plugin: str) -> None:
        """Forget the file of a plugin, because nobody watches it any more."""
        with self._turn:
            self._files.pop(_full_name(plugin), None)

    def file_of(self, plugin: str) -> Path | None:
        """Return the plugin.toml of a plugin; None when nobody watches it."""
        with self._turn:
            return self._files.get(_full_name(plugin))

    def files(self) -> dict[str, Path]:
        """Return every watched plugin.toml by the full name of its plugin."""
        with self._turn:
            return dict(self._files)


def _full_name(plugin: str) -> str:
    return NAME_PREFIX + plugin.removeprefix(NAME_PREFIX)
