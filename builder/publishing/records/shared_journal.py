"""The journal that several machines share: each record is a file of its own, so nobody overwrites anybody's."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from builder.network.s3_bucket import CONNECTIONS
from builder.publishing.records.journal_entry import (
    closing_line,
    opening_line,
    own_account_journal,
    parse_entries,
    target_folder,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from builder.publishing.api_values import TargetEnvironment
    from builder.publishing.records.journal_entry import JournalEntry
    from builder.publishing.records.shared_location import RecordsLocation

NEWEST: Final = 100
"""Publishes of a plugin in an environment that are read: every one is a request to the bucket."""
_NAME = re.compile(r"(.*/[0-9]{8}T[0-9]{6}Z-[0-9a-f]{32})\.(open|closed|settled-[0-9a-f]{32})\.json")
_OPEN, _CLOSED = "open", "closed"


class SharedJournal:
    """The shared journal of one plugin in one environment.

    Args:
        location: Where the files are.
        target: The environment. Its address decides, because two projects may each have a ``dev``.
        plugin: The name without ``Plugin-``.
    """

    def __init__(self, location: RecordsLocation, target: TargetEnvironment, plugin: str) -> None:
        self._location = location
        self._prefix = f"{_plugin_prefix(plugin)}{target_folder(target.base_url)}/"

    def open(self, entry: JournalEntry) -> None:
        """Record that a publish begins.

        Raises:
            PublishError: It cannot be written. Then nothing may be sent.
        """
        self._write(entry, _OPEN, opening_line(entry))

    def close(self, entry: JournalEntry) -> None:
        """Record how a publish ended; if another run does it, beside what the publish itself may still record.

        Raises:
            PublishError: It cannot be written.
        """
        kind = _CLOSED if entry.settled_by is None else f"settled-{entry.settled_by}"
        self._write(entry, kind, opening_line(entry) + closing_line(entry))

    def entries(self) -> tuple[JournalEntry, ...]:
        """The newest publishes, oldest first. Raises PublishError when they cannot be read."""
        return _read_newest(self._location, self._prefix)

    def unfinished(self) -> tuple[JournalEntry, ...]:
        """The publishes whose end nobody has recorded. Raises PublishError when they cannot be read."""
        records = _records(self._location.names(self._prefix))
        return _read(self._location, [name for name in records if name.endswith(f".{_OPEN}.json")])

    def _write(self, entry: JournalEntry, kind: str, content: bytes) -> None:
        stamp = re.sub("[-:]", "", entry.opened)
        with TemporaryDirectory() as folder:
            file = Path(folder) / kind
            file.write_bytes(content)
            self._location.write(f"{self._prefix}{stamp}-{entry.id}.{kind}.json", file)


def read_all_environments(location: RecordsLocation, plugin: str) -> tuple[JournalEntry, ...]:
    """The newest publishes of a plugin in every environment, also on its own account.

    Raises:
        PublishError: They cannot be read.
    """
    prefixes = (_plugin_prefix(plugin), _plugin_prefix(own_account_journal(plugin)))
    return tuple(entry for prefix in prefixes for entry in _read_newest(location, prefix))


def _read_newest(location: RecordsLocation, prefix: str) -> tuple[JournalEntry, ...]:
    by_environment: dict[str, list[str]] = {}
    for name in _records(location.names(prefix)):
        by_environment.setdefault(name.rpartition("/")[0], []).append(name)
    return _read(location, [name for names in by_environment.values() for name in names[-NEWEST:]])


def _records(names: Iterable[str]) -> list[str]:
    """The record that counts of each publish: its own ending, else one that another run recorded, else its begin."""
    chosen: dict[str, tuple[int, str]] = {}
    for name in names:
        if match := _NAME.fullmatch(name):
            rank = {_CLOSED: 0, _OPEN: 2}.get(match[2], 1)
            chosen[match[1]] = min((rank, name), chosen.get(match[1], (rank, name)))
    return [chosen[publish][1] for publish in sorted(chosen)]


def _read(location: RecordsLocation, names: list[str]) -> tuple[JournalEntry, ...]:
    with TemporaryDirectory() as folder, ThreadPoolExecutor(CONNECTIONS) as pool:

        def read(numbered: tuple[int, str]) -> tuple[JournalEntry, ...]:
            file = Path(folder) / str(numbered[0])
            return parse_entries(file.read_bytes()) if location.read(numbered[1], file) else ()

        return tuple(entry for entries in pool.map(read, enumerate(names)) for entry in entries)


def _plugin_prefix(plugin: str) -> str:
    return f"journal/{plugin}/"
