"""What was published from this machine: a line before the first changing request, a line after; one file per plugin.

Each line is one JSON object, written in one piece and synced to the disk. A line that a crash tore is passed over; a
publish without its second line was killed, and the next one settles it from what the platform has.
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

from builder.errors import PublishError
from builder.publishing.failures import Conflict
from builder.publishing.state_folder import open_descriptor, private_folder, read_json, read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from builder.progress import Progress
    from builder.publishing.api_values import TargetEnvironment
    from builder.publishing.clock import Clock
    from builder.publishing.records.outcome import PublishOutcome
    from builder.publishing.state_folder import StateFolder

LOCK_SECONDS: Final = 600.0
"""So long a publish waits for another one of the same plugin on this machine."""
_POLL_SECONDS: Final = 0.2
_HINT: Final = "Set BIOT_PLUGIN_STATE to a folder that you may write to."


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalEntry:
    """One publish or rollback.

    Attributes:
        id: Of its lines.
        opened: When it began, ISO 8601 in UTC.
        command: ``publish`` or ``rollback``.
        who: ``user@host``, or the CI job.
        plugin: The name without ``Plugin-``.
        environment: The target's name.
        base_url: The target's address.
        version_from: Before; None for a new plugin.
        version_to: What was to be reached.
        digest_from: Tree digest that the platform named before, or None.
        digest_to: Of what was published, or None when no digest is known.
        code: Whether code was sent.
        config: sha256 of the kept config.
        artifact: sha256 of the kept ZIP, or None.
        report: sha256 of the kept build report, or None.
        commit: Git commit of the plugin's repository, with ``+`` when files were changed; empty outside git.
        kit: Version of this kit.
        closed: When it ended, or None while that is not written.
        verdict: How it ended, or None.
        detail: Why, as sentences.
        version: Of the platform in the end, or None.
        settled_by: The run that found out, when this one was killed.
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


_CLOSING: Final = ("closed", "verdict", "detail", "version", "settled_by")
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
        state: Where it lies.
        target: The environment; its address decides, since two projects may each have a ``dev``.
        plugin: The name without ``Plugin-``.
    """

    def __init__(self, state: StateFolder, target: TargetEnvironment, plugin: str) -> None:
        self.file = state.journal / _folder(target.base_url) / f"{_safe(plugin)}.jsonl"

    @contextmanager
    def locked(self, clock: Clock, progress: Progress) -> Iterator[None]:
        """Keep other publishes of this plugin on this machine out; the system lets go when a process is killed.

        Raises:
            Conflict: Another one holds it for longer than ``LOCK_SECONDS``.
            PublishError: The folder cannot be written.
        """
        with _opened(self.file.with_suffix(".lock")) as descriptor:
            ends, told = clock.monotonic() + LOCK_SECONDS, False
            while not _try_lock(descriptor):
                if not told:
                    progress.note("Another publish of this plugin is under way on this machine: waiting for it.")
                    told = True
                if clock.monotonic() > ends:
                    msg = "Another publish of this plugin is still under way on this machine. Nothing was sent."
                    raise Conflict(msg, hint="Wait for it to end, or end it, and publish again.")
                clock.sleep(_POLL_SECONDS)
            yield

    def entries(self) -> tuple[JournalEntry, ...]:
        """Every publish, oldest first; lines that are torn or of another kind are passed over."""
        try:
            text = read_regular(self.file)
        except FileNotFoundError:
            return ()
        except OSError as error:
            msg = f"The journal {self.file} cannot be read: {error.strerror}."
            raise PublishError(msg, hint=_HINT) from error
        return _entries(text)

    def open(self, entry: JournalEntry) -> None:
        """Write that a publish begins; when this returns it is on the disk.

        Raises:
            PublishError: It cannot be written. Then nothing may be sent.
        """
        self._append({"event": "open", **{_camel(name): getattr(entry, name) for name in _OPENING}})

    def close(
        self, entry: JournalEntry, outcome: PublishOutcome, now: datetime, *, settled_by: str | None = None
    ) -> JournalEntry:
        """Write how it ended.

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
        self._append({"event": "close", **{_camel(name): getattr(closed, name) for name in ("id", *_CLOSING)}})
        return closed

    def _append(self, line: Mapping[str, object]) -> None:
        with _opened(self.file) as descriptor:
            end = os.lseek(descriptor, 0, os.SEEK_END)
            torn = end > 0 and _last_byte(descriptor, end) != b"\n"
            data = b"\n" * torn + json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
            try:
                while data:  # a disk that fills up takes the beginning, and refuses the rest
                    data = data[os.write(descriptor, data) :]
                os.fsync(descriptor)
            except OSError as error:
                msg = f"The journal {self.file} cannot be written: {error.strerror}."
                raise PublishError(msg, hint="Make room on the disk, then run the command again.") from error


def new_id() -> str:
    """For an entry."""
    return os.urandom(16).hex()


def format_time(moment: datetime) -> str:
    """A time as the journal has it: UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def all_entries(state: StateFolder) -> Iterator[JournalEntry]:
    """The entries of every journal of this machine."""
    for file in sorted(state.journal.glob("*/*.jsonl")):
        with suppress(OSError):
            yield from _entries(read_regular(file))


def _entries(text: bytes) -> tuple[JournalEntry, ...]:
    found: dict[str, JournalEntry] = {}
    for line in text.split(b"\n"):
        with suppress(ValueError, TypeError, KeyError):
            entry = _taken(found, read_json(line))
            found[entry.id] = entry
    return tuple(found.values())


def _taken(found: Mapping[str, JournalEntry], line: Any) -> JournalEntry:  # noqa: ANN401 - whatever a line holds
    """The entry that a line begins or ends. Raises KeyError or TypeError when it is not one that the kit writes."""
    if line["event"] == "open":
        entry = JournalEntry(**{name: line[_camel(name)] for name in _OPENING if _camel(name) in line})
    else:
        entry = replace(found[line["id"]], **{name: line[_camel(name)] for name in _CLOSING if _camel(name) in line})
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


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
