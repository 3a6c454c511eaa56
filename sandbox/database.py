"""The local BioT's database: one SQLite file, which needs no setup.

WAL with ``synchronous=FULL``: whenever the process or the machine stops, a transaction whose request was answered is on
the disk, and any other transaction has never happened. Readers never wait; writers take turns.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, suppress
from queue import Empty, LifoQueue
from threading import Lock
from typing import TYPE_CHECKING

from builder.errors import SandboxError
from sandbox.tables import (
    ALL_TABLES,
    ENTITY_MIGRATION_FROM_2,
    IMAGE_MIGRATION_FROM_3,
    IMAGE_MIGRATION_FROM_4,
    REGISTRY_MIGRATION_FROM_3,
    TEMPLATE_MIGRATION_FROM_5,
    UMS_MIGRATION_FROM_1,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APPLICATION_ID = 0x42696F54
"""``BioT`` in ASCII, in the file's header, so that another program's database is not mistaken for ours."""
SCHEMA_VERSION = 6
"""Increases when a table changes in a way that an older sandbox cannot handle."""

_BUSY_SECONDS = 30
"""How long a writer waits for a writer in another process; within this process writers queue."""


class Database:
    """A local BioT's database.

    Args:
        file: Its path. ``migrate`` creates the file and its folder, readable only by their owner.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._readers: LifoQueue[sqlite3.Connection] = LifoQueue()
        self._writer: sqlite3.Connection | None = None
        self._turn = Lock()
        self._is_closed = False

    def migrate(self) -> None:
        """Create the file and its tables if they are missing.

        Raises:
            SandboxError: The file cannot be created, is not a local BioT's, or was written by a newer version.
        """
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.file.touch(mode=0o600)  # SQLite gives its companions the same mode
            with self.write() as connection:
                version = self._schema_version(connection)
                for statement in (*_migration(version), *_statements()):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except (OSError, sqlite3.Error) as error:
            msg = f"The local BioT's database {self.file} cannot be opened: {error}."
            hint = "Check the path, start with an empty BioT (--fresh), or choose another folder with --data FOLDER."
            raise SandboxError(msg, hint=hint) from error

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Read one consistent state of the database, whatever is written in the meantime."""
        try:
            connection = self._readers.get_nowait()
        except Empty:
            connection = self._connect()
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.rollback()
            self._readers.put(connection)
            if self._is_closed:
                self._close_readers()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Run one transaction: committed at the end of the block, rolled back when the block raises."""
        with self._turn:
            self._writer = self._writer or self._connect()
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            finally:
                self._writer.rollback()  # nothing to do after the commit
                if self._is_closed:
                    self._close_writer()

    def close(self) -> None:
        """Close all connections; SQLite merges its log into the file.

        A block of ``read`` or ``write`` that has not ended yet, or that begins later, closes its connection itself: a
        request can outlive the server that stops.
        """
        with self._turn:
            self._is_closed = True
            self._close_readers()
            self._close_writer()

    def _close_readers(self) -> None:
        with suppress(Empty):
            while True:
                self._readers.get_nowait().close()

    def _close_writer(self) -> None:
        if self._writer:
            self._writer.close()
            self._writer = None

    def _connect(self) -> sqlite3.Connection:
        # Requests are served by a pool of threads; a connection belongs to one of them at a time.
        connection = sqlite3.connect(self.file, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error:  # the file is not a database
            connection.close()
            raise
        return connection

    def _schema_version(self, connection: sqlite3.Connection) -> int:
        """Return the file's schema version, 0 for a new file. Refuse other programs' files and newer versions."""
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if application != APPLICATION_ID and (application or version or tables):
            msg = f"{self.file} is another program's database."
            raise SandboxError(msg, hint="Choose another folder with --data FOLDER.")
        if version > SCHEMA_VERSION:
            msg = (
                f"{self.file} was written by a newer version: its schema is {version}, "
                f"and this version supports {SCHEMA_VERSION}."
            )
            raise SandboxError(msg, hint="Update biot-plugin-kit, or choose another folder with --data FOLDER.")
        return int(version)


def _migration(version: int) -> Iterator[str]:
    """Yield what changes the tables of an older version; a new file has version 0 and no tables."""
    if version == 1:
        yield from UMS_MIGRATION_FROM_1
    if version in {1, 2}:
        yield from ENTITY_MIGRATION_FROM_2
    if version in {1, 2, 3}:
        yield from REGISTRY_MIGRATION_FROM_3
        yield from IMAGE_MIGRATION_FROM_3
    elif version in range(4, 5):
        yield from IMAGE_MIGRATION_FROM_4
    if version in range(1, 6):
        yield from TEMPLATE_MIGRATION_FROM_5


def _statements() -> Iterator[str]:
    """Yield the statements one by one, because ``executescript`` would commit between them."""
    for tables in ALL_TABLES:
        statement = ""
        for line in tables.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                yield statement
                statement = ""
