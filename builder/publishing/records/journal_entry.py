"""One publish as an entry of a journal, and as the two lines of JSON that stand for it. Pure."""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

from builder.json_keys import camel_case
from builder.publishing.state_folder import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


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


def opening_line(entry: JournalEntry) -> bytes:
    """The line that is written before anything is sent."""
    return _line("open", entry, _OPENING)


def closing_line(entry: JournalEntry) -> bytes:
    """The line that says how the publish ended."""
    return _line("close", entry, _CLOSED)


def _line(event: str, entry: JournalEntry, names: Iterable[str]) -> bytes:
    line = {"event": event, **{camel_case(name): getattr(entry, name) for name in names}}
    return json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def target_folder(base_url: str) -> str:
    """The name of the folder with the journals of an environment."""
    host = safe_name(base_url.partition("://")[2])
    return f"{host}-{hashlib.sha256(base_url.encode()).hexdigest()[:8]}"


def safe_name(name: str) -> str:
    """A name as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)[:80]


def own_account_journal(plugin: str) -> str:
    """The name of the journal of a plugin on its owner's account: its entries have no code. No plugin has a dot."""
    return f"{plugin}.own"


def new_id() -> str:
    """A new id for an entry."""
    return os.urandom(16).hex()


def format_time(moment: datetime) -> str:
    """A time in the journal's format: UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def parse_entries(text: bytes) -> tuple[JournalEntry, ...]:
    """The entries in lines of JSON, in the order of their first lines. Incomplete and unknown lines are ignored."""
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
