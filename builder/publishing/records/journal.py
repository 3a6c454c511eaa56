"""The journal of publishes from this machine: one file per plugin, two lines per publish.

The first line is written before the first changing request, the second one afterwards. Each is one JSON object, written
at once and synced to the disk. Incomplete lines are ignored. A publish without its second line was interrupted; the
next one finds out from BioT how it ended.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

from builder.archive.atomic_files import atomic_file
from builder.errors import PackagingError, PublishError
from builder.json_keys import camel_case
from builder.publishing.failures import Conflict
from builder.publishing.state_folder import PRIVATE_FILE, open_descriptor, private_folder, read_json, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from builder.progress import Progress
    from builder.publishing.api_values import TargetEnvironment
    from builder.publishing.clock import Clock
    from builder.publishing.records.outcome import PublishOutcome
    from builder.publishing.state_folder import StateFolder

LOCK_SECONDS: Final = 600.0
"""How long a publish waits for another one of the same plugin on this machine."""
_POLL_SECONDS: Final = 0.2
_HINT: Final = "Set BIOT_PLUGIN_STATE to a folder that you may write to."


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalEntry:
    """One publish or rollback.

    Attributes:
        id: Common to its lines.
        opened: When it began, ISO 8601 in UTC.
        command: ``publish`` or ``rollback``.
        who: ``user@host``, or the CI job.
        plugin: The name without ``Plugin-``.
        environment: The target's name.
        base_url: The target's address.
        version_from: The version before; None for a new plugin.
        version_to: The version to reach.
        digest_from: Tree digest on BioT before, or None.
        digest_to: Tree digest of the published code, or None when it is unknown.
        code: Whether code was sent.
        config: sha256 of the retained settings.
        artifact: sha256 of the retained ZIP, or None.
        report: sha256 of the retained build report, or None.
        commit: Git commit of the plugin's repository, with ``+`` when files differ from it; empty outside git.
        kit: Version of this kit.
        closed: When it ended, or None when that is not recorded.
        verdict: How it ended, or None.
        detail: The reason, as sentences.
        version: The version on BioT afterwards, or None.
        settled_by: The run that determined how this one ended, if this one was interrupted.
    """

    id: str
    opened: str
    command: str
    who: str
    plugin: str
    environment: str
    base_url: str
    version_from: int | None
    version_to: int
    digest_from: str | None
    digest_to: str | None
    code: bool
    config: str
    artifact: str | None = None
    report: str | None = None
    commit: str = ""
    kit: str = ""
    closed: str | None = None
    verdict: str | None = None
    detail: str = ""
    version: int | None = None
    settled_by: str | None = None


_LONG: Final = 131_072
"""Bytes after which a journal that may be shortened is: more than a hundred publishes."""
_KEPT: Final = 50
_CLOSING: Final = ("closed", "verdict", "detail", "version", "settled_by")
_CLOSED: Final = ("id", *_CLOSING)
_OPENING: Final = tuple(name for name in JournalEntry.__dataclass_fields__ if name not in _CLOSING)
_TYPES: Final[Mapping[object, tuple[type, ...]]] = {
    "str": (str,),
    "str | None": (str, NoneType),
    "int": (int,),
    "int | None": (int, NoneType),
    "bool": (bool,),
}


class Journal:
    """The journal of one plugin in one environment.

    Args:
        state: The state folder.
        target: The environment. Its address decides, because two projects may each have a ``dev``.
        plugin: The name without ``Plugin-``.
    """

    def __init__(self, state: StateFolder, target: TargetEnvironment, plugin: str) -> None:
        self.file = state.journal / _folder(target.base_url) / f"{_safe(plugin)}.jsonl"

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
        """Every publish, oldest first. Incomplete or unknown lines are ignored."""
        try:
            text = read_regular(self.file)
        except FileNotFoundError:
            return ()
        except OSError as error:
            msg = f"The journal {self.file} cannot be read: {error.strerror}."
            raise PublishError(msg, hint=_HINT) from error
        return _parse_entries(text)

    def open(self, entry: JournalEntry) -> None:
        """Record that a publish begins; it is on the disk when this returns.

        Raises:
            PublishError: It cannot be written. Then nothing may be sent.
        """
        self._append(_line("open", entry, _OPENING))

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
        self._append(_line("close", closed, _CLOSED))
        return closed

    def drop_oldest(self) -> None:
        """Shorten a long journal to its newest entries and those that are not closed. Call it while it is locked.

        Every publish reads the whole journal. If it cannot be written, it stays, and the next publish tries again.
        """
        with suppress(OSError, PackagingError):
            if self.file.stat().st_size <= _LONG:
                return
            entries = self.entries()
            kept = [entry for entry in entries[:-_KEPT] if entry.closed is None] + list(entries[-_KEPT:])
            lines = [line for entry in kept for line in _lines(entry)]
            with atomic_file(self.file, mode=PRIVATE_FILE) as stream:
                stream.write(b"".join(map(_serialize, lines)))

    def _append(self, line: Mapping[str, object]) -> None:
        with _opened(self.file) as descriptor:
            end = os.lseek(descriptor, 0, os.SEEK_END)
            incomplete = end > 0 and _last_byte(descriptor, end) != b"\n"
            data = b"\n" * incomplete + _serialize(line)
            try:
                while data:  # a disk that is almost full takes only the beginning
                    data = data[os.write(descriptor, data) :]
                os.fsync(descriptor)
            except OSError as error:
                msg = f"The journal {self.file} cannot be written: {error.strerror}."
                raise PublishError(msg, hint="Make room on the disk, then run the command again.") from error


def _lines(entry: JournalEntry) -> Iterator[Mapping[str, object]]:
    """The one or two lines of an entry."""
    yield _line("open", entry, _OPENING)
    if entry.closed is not None:
        yield _line("close", entry, _CLOSED)


def _line(event: str, entry: JournalEntry, names: Iterable[str]) -> dict[str, object]:
    return {"event": event, **{camel_case(name): getattr(entry, name) for name in names}}


def _serialize(line: Mapping[str, object]) -> bytes:
    return json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def new_id() -> str:
    """A new id for an entry."""
    return os.urandom(16).hex()


def format_time(moment: datetime) -> str:
    """A time in the journal's format: UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def all_entries(state: StateFolder) -> Iterator[JournalEntry]:
    """The entries of all journals on this machine."""
    for file in sorted(state.journal.glob("*/*.jsonl")):
        with suppress(OSError):
            yield from _parse_entries(read_regular(file))


def _parse_entries(text: bytes) -> tuple[JournalEntry, ...]:
    entries: dict[str, JournalEntry] = {}
    for line in text.split(b"\n"):
        with suppress(ValueError, TypeError, KeyError):
            entry = _parse_line(entries, read_json(line))
            entries[entry.id] = entry
    return tuple(entries.values())


def _parse_line(entries: Mapping[str, JournalEntry], line: Any) -> JournalEntry:  # noqa: ANN401 - a line may hold any JSON
    """The entry that a line opens or closes. Raises KeyError or TypeError when the kit did not write the line."""
    if line["event"] == "open":
        entry = JournalEntry(**{name: line[key] for name in _OPENING if (key := camel_case(name)) in line})
    else:
        closing = {name: line[key] for name in _CLOSING if (key := camel_case(name)) in line}
        entry = replace(entries[line["id"]], **closing)
    for name, field in JournalEntry.__dataclass_fields__.items():
        if type(getattr(entry, name)) not in _TYPES[field.type]:
            raise TypeError(name)
    return entry


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


def _folder(base_url: str) -> str:
    host = _safe(base_url.partition("://")[2])
    return f"{host}-{hashlib.sha256(base_url.encode()).hexdigest()[:8]}"


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)[:80]
