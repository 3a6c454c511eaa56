"""The journal of publishes from this machine: one file per plugin, two lines per publish; and a shared one beside it.

The first line is written before the first changing request, the second one afterwards. Each is one JSON object, written
at once and synced to the disk. Incomplete lines are ignored. A publish without its second line was interrupted; the
next one finds out from BioT how it ended. What a team shares is written to the shared journal as well.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from builder.archive.atomic_files import atomic_file
from builder.errors import PackagingError, PublishError
from builder.publishing.failures import Conflict
from builder.publishing.records.journal_entry import (
    closing_line,
    format_time,
    opening_line,
    parse_entries,
    safe_name,
    target_folder,
)
from builder.publishing.state_folder import PRIVATE_FILE, open_descriptor, private_folder, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from builder.progress import Progress
    from builder.publishing.api_values import TargetEnvironment
    from builder.publishing.clock import Clock
    from builder.publishing.records.journal_entry import JournalEntry
    from builder.publishing.records.outcome import PublishOutcome
    from builder.publishing.records.shared_journal import SharedJournal
    from builder.publishing.state_folder import StateFolder

LOCK_SECONDS: Final = 600.0
"""How long a publish waits for another one of the same plugin on this machine."""
_POLL_SECONDS: Final = 0.2
_HINT: Final = "Set BIOT_PLUGIN_STATE to a folder that you may write to."
_LONG: Final = 131_072
"""Bytes after which a journal that may be shortened is: more than a hundred publishes."""
_KEPT: Final = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class UnfinishedRun:
    """A publish whose end is not recorded.

    Attributes:
        entry: Its entry.
        elsewhere: Whether another machine began it, so that it may still be running. A publish of this machine that
            is not recorded as ended was interrupted, because the journal is locked while it runs.
    """

    entry: JournalEntry
    elsewhere: bool


class Journal:
    """The journal of one plugin in one environment.

    Args:
        state: The state folder.
        target: The environment. Its address decides, because two projects may each have a ``dev``.
        plugin: The name without ``Plugin-``.
        shared: The journal of the same plugin that several machines share, or None.
    """

    def __init__(
        self, state: StateFolder, target: TargetEnvironment, plugin: str, *, shared: SharedJournal | None = None
    ) -> None:
        self.file = state.journal / target_folder(target.base_url) / f"{safe_name(plugin)}.jsonl"
        self._shared = shared

    @contextmanager
    def locked(self, clock: Clock, progress: Progress) -> Iterator[None]:
        """Exclude other publishes of this plugin on this machine; the system releases the lock of a killed process.

        Raises:
            Conflict: Another publish holds the lock for longer than ``LOCK_SECONDS``.
            PublishError: The folder cannot be written.
        """
        with _opened(self.file.with_suffix(".lock")) as descriptor:
            deadline, noted = clock.monotonic() + LOCK_SECONDS, False
            while not _try_lock(descriptor):
                if not noted:
                    progress.note("Waiting for another publish of this plugin on this machine to finish.")
                    noted = True
                if clock.monotonic() > deadline:
                    msg = "Another publish of this plugin is still running on this machine. Nothing was sent."
                    raise Conflict(msg, hint="Wait for it to finish, or stop it, then publish again.")
                clock.sleep(_POLL_SECONDS)
            yield

    def entries(self) -> tuple[JournalEntry, ...]:
        """Every publish, oldest first. Incomplete or unknown lines are ignored.

        Raises:
            PublishError: A journal cannot be read.
        """
        local = self._local_entries()
        return local if self._shared is None else merge_entries(local, self._shared.entries())

    def unfinished(self) -> tuple[UnfinishedRun, ...]:
        """The publishes whose end is not recorded. Call it while the journal is locked.

        Raises:
            PublishError: A journal cannot be read, or a lost record of the shared one cannot be written again.
        """
        local = {entry.id: entry for entry in self._local_entries()}
        runs = [UnfinishedRun(entry=entry, elsewhere=False) for entry in local.values() if entry.closed is None]
        for entry in self._shared.unfinished() if self._shared is not None else ():
            known = local.get(entry.id)
            if known is None:
                runs.append(UnfinishedRun(entry=entry, elsewhere=True))
            elif known.closed is not None and self._shared is not None:
                self._shared.close(known)
        return tuple(runs)

    def _local_entries(self) -> tuple[JournalEntry, ...]:
        try:
            text = read_regular(self.file)
        except FileNotFoundError:
            return ()
        except OSError as error:
            msg = f"The journal {self.file} cannot be read: {error.strerror}."
            raise PublishError(msg, hint=_HINT) from error
        return parse_entries(text)

    def open(self, entry: JournalEntry) -> None:
        """Record that a publish begins; it is on the disk, and in the shared journal, when this returns.

        Raises:
            PublishError: It cannot be written. Then nothing may be sent.
        """
        if self._shared is not None:
            self._shared.open(entry)
        self._append(opening_line(entry))

    def close(
        self, entry: JournalEntry, outcome: PublishOutcome, now: datetime, *, settled_by: str | None = None
    ) -> JournalEntry:
        """Record how a publish ended.

        Raises:
            PublishError: It cannot be written.
        """
        closed = replace(
            entry,
            closed=format_time(now),
            verdict=outcome.verdict.value,
            detail=outcome.detail,
            version=outcome.remote.version if outcome.remote is not None else None,
            settled_by=settled_by,
        )
        if self._shared is None or any(local.id == entry.id for local in self._local_entries()):
            self._append(closing_line(closed))
        if self._shared is not None:
            self._shared.close(closed)
        return closed

    def drop_oldest(self) -> None:
        """Shorten a long journal to its newest entries and those that are not closed. Call it while it is locked.

        Every publish reads the whole journal. If it cannot be written, it stays, and the next publish tries again.
        """
        with suppress(OSError, PackagingError):
            if self.file.stat().st_size <= _LONG:
                return
            entries = self._local_entries()
            kept = [entry for entry in entries[:-_KEPT] if entry.closed is None] + list(entries[-_KEPT:])
            lines = [line for entry in kept for line in _lines(entry)]
            with atomic_file(self.file, mode=PRIVATE_FILE) as stream:
                stream.write(b"".join(lines))

    def _append(self, line: bytes) -> None:
        with _opened(self.file) as descriptor:
            end = os.lseek(descriptor, 0, os.SEEK_END)
            incomplete = end > 0 and _last_byte(descriptor, end) != b"\n"
            data = b"\n" * incomplete + line
            try:
                while data:  # a disk that is almost full takes only the beginning
                    data = data[os.write(descriptor, data) :]
                os.fsync(descriptor)
            except OSError as error:
                msg = f"The journal {self.file} cannot be written: {error.strerror}."
                raise PublishError(msg, hint="Make room on the disk, then run the command again.") from error


def _lines(entry: JournalEntry) -> Iterator[bytes]:
    """The one or two lines of an entry."""
    yield opening_line(entry)
    if entry.closed is not None:
        yield closing_line(entry)


def merge_entries(local: Iterable[JournalEntry], shared: Iterable[JournalEntry]) -> tuple[JournalEntry, ...]:
    """The entries of this machine and of the team, oldest first, each publish once.

    An ending that the publish recorded itself counts more than one that another run recorded later.
    """
    merged: dict[str, JournalEntry] = {}
    for entry in (*shared, *local):
        known = merged.get(entry.id)
        if known is None or known.closed is None or (entry.closed is not None and entry.settled_by is None):
            merged[entry.id] = entry
    return tuple(sorted(merged.values(), key=lambda entry: (entry.opened, entry.version_to)))


def all_entries(state: StateFolder) -> Iterator[JournalEntry]:
    """The entries of all journals on this machine."""
    for file in sorted(state.journal.glob("*/*.jsonl")):
        with suppress(OSError):
            yield from parse_entries(read_regular(file))


@contextmanager
def _opened(file: Path) -> Iterator[int]:
    try:
        private_folder(file.parent)
        descriptor = open_descriptor(file, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    except OSError as error:
        msg = f"{file} cannot be written: {error.strerror}."
        raise PublishError(msg, hint=_HINT) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _last_byte(descriptor: int, end: int) -> bytes:
    os.lseek(descriptor, end - 1, os.SEEK_SET)
    return os.read(descriptor, 1)
