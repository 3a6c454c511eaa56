"""The SQLite file of what happened, bounded by count and size.

Each chain is a row from its first moment, so that one that a kill interrupted is visible. WAL with
``synchronous=NORMAL``: a killed process loses nothing that was committed.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.activity.chain_documents import describe_call
from sandbox.activity.stored_json import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from sandbox.activity.activity_search import ActivityQuery

FILE_NAME = "activity.sqlite"
CHAINS_MAX = 100_000
SIZE_MAX = 200_000_000
"""Bytes of all documents together. Both bounds are the kit's choice."""
_KEPT_SHARE = 0.99
"""What is kept when a bound is reached, so that not every new chain deletes an old one, and no deletion takes long."""
_SUMMARY = "number, id, kind, title, trace_id, parent_id, started, status, milliseconds, failed, finished"
"""Without the documents: `biot-plugin dev` asks for the newest chains five times a second."""

_CALLS = (
    "SELECT step.rowid AS row, step.document, chain.number, chain.title"
    " FROM step JOIN chain ON chain.id = step.chain_id"
)

_VERSION = 2
_TABLES = f"""
CREATE TABLE IF NOT EXISTS chain (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    parent_id TEXT NOT NULL,
    started TEXT NOT NULL,
    status INTEGER,
    milliseconds REAL,
    failed INTEGER NOT NULL DEFAULT 0,
    finished INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL,
    document TEXT NOT NULL,
    ending TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS chain_trace ON chain (trace_id);
CREATE INDEX IF NOT EXISTS chain_parent ON chain (parent_id);
CREATE TABLE IF NOT EXISTS step (
    chain_id TEXT NOT NULL,
    name TEXT NOT NULL,
    listener TEXT NOT NULL,
    status INTEGER,
    milliseconds REAL NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS step_chain ON step (chain_id, listener, name);
CREATE TABLE IF NOT EXISTS total (chains INTEGER NOT NULL, size INTEGER NOT NULL) STRICT;
PRAGMA user_version = {_VERSION};
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewChain:
    """A chain that began; ``document`` is its description."""

    id: str
    kind: str
    title: str
    trace_id: str
    parent_id: str
    started: str
    document: Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class NewStep:
    """A step that was done."""

    chain_id: str
    name: str
    listener: str
    failed: bool
    document: Mapping[str, object]
    status: int | None = None
    milliseconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainEnding:
    """The end of a chain."""

    id: str
    status: int | None
    milliseconds: float
    failed: bool
    document: Mapping[str, object]


ActivityRecord = NewChain | NewStep | ChainEnding


class ActivityFile:
    """The file. One thread at a time may use an object.

    Args:
        file: Its path. A file of another version is deleted: what happened before is not worth a migration.
        chains_max: The number of chains to keep.
        size_max: The bytes of their documents to keep.
    """

    def __init__(self, file: Path, *, chains_max: int = CHAINS_MAX, size_max: int = SIZE_MAX) -> None:
        self._chains_max, self._size_max = chains_max, size_max
        self._connection = _open(file)
        self._count, self._size = self._connection.execute("SELECT chains, size FROM total").fetchone()

    def add(self, records: Iterable[ActivityRecord]) -> None:
        """Write records in one transaction, and delete the oldest chains when there are too many."""
        with self._connection as connection:
            for record in records:
                match record:
                    case NewChain():
                        self._add_chain(connection, record)
                    case NewStep():
                        self._add_step(connection, record)
                    case ChainEnding():
                        self._end_chain(connection, record)
            if self._count > self._chains_max or self._size > self._size_max:
                self._delete_oldest(connection)
            connection.execute("UPDATE total SET chains = ?, size = ?", (self._count, self._size))

    def search(self, query: ActivityQuery) -> list[dict[str, object]]:
        """Return summaries of the newest chains that a query finds."""
        rows = self._connection.execute(
            f"SELECT {_SUMMARY} FROM chain WHERE {query.where} ORDER BY number DESC LIMIT ?",  # noqa: S608 - conditions of this room
            (*query.parameters, query.limit),
        ).fetchall()
        return self._summaries(rows)

    def calls(self, query: ActivityQuery) -> list[dict[str, object]]:
        """Return the calls of plugins that a query finds with their logs, the oldest first.

        If the query begins after a call, these are the next ones; otherwise the newest.
        """
        order = "ASC" if "step.rowid > ?" in query.where else "DESC"
        condition = f"WHERE {query.where} ORDER BY step.rowid {order} LIMIT ?"
        rows = self._connection.execute(f"{_CALLS} {condition}", (*query.parameters, query.limit)).fetchall()
        return [
            describe_call(row["row"], row["number"], row["title"], read_json(row["document"]))
            for row in sorted(rows, key=lambda row: int(row["row"]))
        ]

    def read(self, identifier: str) -> dict[str, object] | None:
        """Return a chain by its number or id, with its steps and with the chains that its plugins caused."""
        column = "number" if identifier.isdecimal() and len(identifier) < 16 else "id"  # noqa: PLR2004 - ids are longer
        row = self._connection.execute(f"SELECT * FROM chain WHERE {column} = ?", (identifier,)).fetchone()  # noqa: S608 - two names
        if row is None:
            return None
        by_parent = "SELECT * FROM chain WHERE parent_id = ? ORDER BY number"
        caused = self._connection.execute(by_parent, (row["id"],)).fetchall()
        return {
            **read_json(row["document"]),
            **read_json(row["ending"] or "{}"),
            **self._summaries([row])[0],
            "steps": [read_json(step["document"]) for step in self._documents(row["id"])],
            "caused": [
                {**summary, "fault": read_json(other["document"]).get("fault", "")}
                for other, summary in zip(caused, self._summaries(caused), strict=True)
            ],
        }

    def number_of(self, chain_id: str) -> int | None:
        """Return the number of a chain; None when there is none."""
        row = self._connection.execute("SELECT number FROM chain WHERE id = ?", (chain_id,)).fetchone()
        return None if row is None else int(row["number"])

    def clear(self) -> None:
        """Delete everything."""
        with self._connection as connection:
            connection.execute("DELETE FROM chain")
            connection.execute("DELETE FROM step")
            connection.execute("UPDATE total SET chains = 0, size = 0")
        self._count = self._size = 0

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _add_chain(self, connection: sqlite3.Connection, chain: NewChain) -> None:
        text = json.dumps(chain.document, ensure_ascii=False)
        connection.execute(
            "INSERT OR IGNORE INTO chain (id, kind, title, trace_id, parent_id, started, size, document)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (chain.id, chain.kind, chain.title, chain.trace_id, chain.parent_id, chain.started, len(text), text),
        )
        self._count += 1
        self._size += len(text)

    def _add_step(self, connection: sqlite3.Connection, step: NewStep) -> None:
        text = json.dumps(step.document, ensure_ascii=False)
        found = connection.execute(
            "UPDATE chain SET size = size + ?, failed = max(failed, ?) WHERE id = ?",
            (len(text), step.failed, step.chain_id),
        )
        if found.rowcount:  # otherwise its chain was deleted meanwhile
            values = (step.chain_id, step.name, step.listener, step.status, step.milliseconds, text)
            connection.execute("INSERT INTO step VALUES (?, ?, ?, ?, ?, ?)", values)
            self._size += len(text)

    def _end_chain(self, connection: sqlite3.Connection, end: ChainEnding) -> None:
        text = json.dumps(end.document, ensure_ascii=False)
        connection.execute(
            "UPDATE chain SET status = ?, milliseconds = ?, failed = max(failed, ?), size = size + ?,"
            " ending = ?, finished = 1 WHERE id = ?",
            (end.status, end.milliseconds, end.failed, len(text), text, end.id),
        )
        self._size += len(text)

    def _delete_oldest(self, connection: sqlite3.Connection) -> None:
        deleted: list[tuple[str]] = []
        for row in connection.execute("SELECT id, size FROM chain ORDER BY number"):
            if self._count <= self._chains_max * _KEPT_SHARE and self._size <= self._size_max * _KEPT_SHARE:
                break
            deleted.append((row["id"],))
            self._count -= 1
            self._size -= row["size"]
        connection.executemany("DELETE FROM chain WHERE id = ?", deleted)
        connection.executemany("DELETE FROM step WHERE chain_id = ?", deleted)

    def _documents(self, chain_id: str) -> Sequence[sqlite3.Row]:
        steps = "SELECT document FROM step WHERE chain_id = ? ORDER BY rowid"
        return self._connection.execute(steps, (chain_id,)).fetchall()

    def _summaries(self, rows: Sequence[sqlite3.Row]) -> list[dict[str, object]]:
        """Describe chains in short, with one query for the steps of all of them."""
        places = ", ".join("?" * len(rows))
        steps: dict[str, list[sqlite3.Row]] = {row["id"]: [] for row in rows}
        found = self._connection.execute(
            f"SELECT chain_id, name, listener, status, milliseconds FROM step WHERE chain_id IN ({places})"  # noqa: S608 - places
            " ORDER BY rowid",
            tuple(steps),
        )
        for step in found:
            steps[step["chain_id"]].append(step)
        return [_summary(row, steps[row["id"]]) for row in rows]


def _summary(row: sqlite3.Row, steps: Sequence[sqlite3.Row]) -> dict[str, object]:
    names = ("name", "listener", "status", "milliseconds")
    return {
        "number": row["number"],
        "id": row["id"],
        "kind": row["kind"],
        "title": row["title"],
        "traceId": row["trace_id"],
        "parentId": row["parent_id"],
        "startTime": row["started"],
        "status": row["status"],
        "milliseconds": row["milliseconds"],
        "pluginFailed": bool(row["failed"]),
        "finished": bool(row["finished"]),
        "plugins": list(dict.fromkeys(step["listener"] for step in steps if step["listener"])),
        "hooks": list(dict.fromkeys(step["name"] for step in steps)),
        "steps": [{name: step[name] for name in names} for step in steps],
    }


def _open(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if file.exists() and not _is_current(file):
        for suffix in ("", "-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
    file.touch(mode=0o600)
    connection = _connect(file)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.executescript(_TABLES)
    with connection:
        connection.execute("INSERT INTO total SELECT 0, 0 WHERE NOT EXISTS (SELECT 1 FROM total)")
    return connection


def _is_current(file: Path) -> bool:
    try:
        connection = _connect(file)
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            return bool(version == _VERSION)
        finally:
            connection.close()
    except sqlite3.DatabaseError:
        return False


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection
