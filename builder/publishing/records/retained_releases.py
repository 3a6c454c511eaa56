"""Published artifacts, their reports and settings, stored by sha256: what ``rollback`` publishes again.

They are on this machine, and also where a team shares them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING, Final

from builder.archive.atomic_files import atomic_file
from builder.errors import PackagingError, PublishError
from builder.network.verdict import Verdict
from builder.publishing.records.journal import all_entries
from builder.publishing.state_folder import (
    PRIVATE_FILE,
    open_regular,
    private_folder,
    read_regular,
    write_private,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from builder.publishing.records.journal_entry import JournalEntry
    from builder.publishing.records.shared_location import RecordsLocation
    from builder.publishing.state_folder import StateFolder

RETAINED_COUNT: Final = 10
"""Releases of one plugin in one environment that are retained for a rollback."""
_SHARED_FOLDER: Final = "releases"
_FRESH_SECONDS: Final = 3600
"""Newer files may belong to a publish that began after the journals were read."""


class RetainedReleases:
    """The folder of retained files. Each is named by its digest, so the same file is stored once.

    Args:
        state: The state folder.
        shared: Where several machines share them, or None.
    """

    def __init__(self, state: StateFolder, shared: RecordsLocation | None = None) -> None:
        self._state = state
        self._shared = shared
        self._folder = state.releases

    def keep_file(self, file: Path, sha256: str) -> None:
        """Store a copy of a file, also where the team shares it.

        Args:
            file: The artifact or its report.
            sha256: Its digest, as the build recorded it.

        Raises:
            PublishError: It cannot be read, or the copy cannot be written.
        """
        self._copy(file, sha256)
        self._share(sha256)

    def _copy(self, file: Path, sha256: str) -> None:
        target = self._folder / sha256
        try:
            if target.exists() and target.stat().st_size == file.stat().st_size:
                os.utime(target)
                return
            private_folder(self._folder)
            with file.open("rb") as source, atomic_file(target, mode=PRIVATE_FILE) as stream:
                shutil.copyfileobj(source, stream, 1 << 20)
        except (OSError, PackagingError) as error:
            msg = f"{file.name} cannot be stored for a rollback in {self._folder}."
            raise PublishError(msg, hint="Check that folder's permissions and the free space.") from error

    def keep_settings(self, settings: Mapping[str, object]) -> str:
        """Store the settings of a release with the values of its variables, readable by the owner only.

        Returns:
            The sha256 that they are stored under.

        Raises:
            PublishError: It cannot be written.
        """
        data, sha256 = _serialize(settings)
        try:
            private_folder(self._folder)
            with atomic_file(self._folder / sha256, mode=PRIVATE_FILE) as stream:
                stream.write(data)
        except (OSError, PackagingError) as error:
            msg = f"The settings cannot be stored for a rollback in {self._folder}."
            raise PublishError(msg, hint="Check that folder's permissions and the free space.") from error
        self._share(sha256)
        return sha256

    def _share(self, sha256: str) -> None:
        if self._shared is not None:
            self._shared.write(f"{_SHARED_FOLDER}/{sha256}", self._folder / sha256)

    def find(self, sha256: str | None) -> Path | None:
        """A retained file that still has its digest, or None. One that only the team has is copied to this machine.

        Raises:
            PublishError: The shared files cannot be read.
        """
        if not sha256 or not sha256.isalnum():
            return None
        return self._intact(sha256) or self._fetch(sha256)

    def _fetch(self, sha256: str) -> Path | None:
        if self._shared is None:
            return None
        part = self._folder / f".{sha256}.{os.urandom(4).hex()}.part"
        write_private(part, b"")
        try:
            if not self._shared.read(f"{_SHARED_FOLDER}/{sha256}", part) or not _has_digest(part, sha256):
                return None
            return part.replace(self._folder / sha256)
        finally:
            part.unlink(missing_ok=True)

    def _intact(self, sha256: str) -> Path | None:
        file = self._folder / sha256
        return file if _has_digest(file, sha256) else None

    def read_settings(self, sha256: str) -> dict[str, object] | None:
        """Retained settings, or None."""
        file = self.find(sha256)
        document = json.loads(read_regular(file)) if file is not None else None
        return document if isinstance(document, dict) else None

    def prune(self) -> None:
        """Delete files that no journal needs: of older releases of each plugin, and of publishes that failed.

        Files that cannot be deleted stay; the next publish tries again.
        """
        entries = sorted(all_entries(self._state), key=_plugin_key)
        needed: set[str | None] = set()
        for _, group in groupby(entries, key=_plugin_key):
            needed.update(*map(_files, _needed(list(group))))
        for file in self._folder.glob("[!.]*"):
            with suppress(OSError):
                if file.name not in needed and time.time() - file.stat().st_mtime > _FRESH_SECONDS:
                    file.unlink()


def _has_digest(file: Path, sha256: str) -> bool:
    try:
        with open_regular(file) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    except OSError:
        return False


def settings_digest(settings: Mapping[str, object]) -> str:
    """The digest that ``keep_settings`` stores settings under."""
    return _serialize(settings)[1]


def successful_releases(entries: Iterable[JournalEntry]) -> tuple[JournalEntry, ...]:
    """The entries of successful publishes, oldest first, each version once."""
    done = [entry for entry in entries if entry.verdict == Verdict.DONE]
    return tuple({entry.version_to: entry for entry in done}.values())


def _needed(entries: list[JournalEntry]) -> list[JournalEntry]:
    """The newest releases, and publishes that may still succeed: in progress, or with an unknown outcome."""
    in_progress = [entry for entry in entries if entry.verdict is None]
    unknown = [entry for entry in entries if entry.verdict == Verdict.UNKNOWN]
    return [*in_progress, *unknown[-RETAINED_COUNT:], *successful_releases(entries)[-RETAINED_COUNT:]]


def _files(entry: JournalEntry) -> set[str | None]:
    return {entry.artifact, entry.report, entry.config}


def _plugin_key(entry: JournalEntry) -> tuple[str, str]:
    return entry.base_url, entry.plugin


def _serialize(settings: Mapping[str, object]) -> tuple[bytes, str]:
    data = json.dumps(settings, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
    return data, hashlib.sha256(data).hexdigest()
