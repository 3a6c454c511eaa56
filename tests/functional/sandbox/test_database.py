"""The local BioT's one file: transactions whole or not at all, and no other program's file."""

from __future__ import annotations

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from builder.errors import SandboxError
from sandbox.database import SCHEMA_VERSION, Database

if TYPE_CHECKING:
    from pathlib import Path

INSERT = "INSERT INTO image_tags VALUES (?, '2026-11-20T00:00:00.000Z')"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(tmp_path / "state" / "sandbox.db")
    made.migrate()
    return made


def tags(database: Database) -> set[str]:
    with database.read() as connection:
        return {row["tag"] for row in connection.execute("SELECT tag FROM image_tags")}


def test_what_was_written_is_there_after_a_restart_and_only_the_owner_reads_it(database: Database) -> None:
    with database.write() as connection:
        connection.execute(INSERT, ("one",))
    database.close()
    again = Database(database.file)
    again.migrate()

    assert tags(again) == {"one"}
    assert stat.S_IMODE(database.file.stat().st_mode) == 0o600
    again.close()


def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.execute(INSERT, ("half",))
            connection.execute(INSERT, ("half",))

    with pytest.raises(sqlite3.IntegrityError):
        fail()
    with database.write() as connection:
        connection.execute(INSERT, ("whole",))

    assert tags(database) == {"whole"}
    database.close()


def test_a_reader_sees_one_state_while_others_write(database: Database) -> None:
    with database.read() as connection:
        before = connection.execute("SELECT count(*) FROM image_tags").fetchone()[0]
        with database.write() as writing:
            writing.execute(INSERT, ("new",))
        after = connection.execute("SELECT count(*) FROM image_tags").fetchone()[0]

    assert (before, after) == (0, 0)
    assert tags(database) == {"new"}
    database.close()


def test_many_writers_lose_nothing(database: Database) -> None:
    other = Database(database.file)  # as another process would

    def put(number: int) -> None:
        with (database, other)[number % 2].write() as connection:
            connection.execute(INSERT, (str(number),))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(100)))

    assert len(tags(database)) == 100
    database.close()
    other.close()


def test_every_connection_is_durable_and_holds_references(database: Database) -> None:
    with database.read() as reading, database.write() as writing:
        for connection in (reading, writing):
            assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
            assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
            assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1
    database.close()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (f"PRAGMA user_version = {SCHEMA_VERSION + 1}", "newer"),
        ("PRAGMA application_id = 1", "another program"),
    ],
)
def test_a_newer_or_foreign_file_is_refused_and_untouched(database: Database, statement: str, told: str) -> None:
    database.close()
    with sqlite3.connect(database.file) as connection:
        connection.execute(statement)
    connection.close()
    refused = Database(database.file)

    with pytest.raises(SandboxError, match=told):
        refused.migrate()
    refused.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no database at all, but long enough to look at" * 40)
    refused = Database(file)

    with pytest.raises(SandboxError, match="cannot be opened"):
        refused.migrate()
    refused.close()
