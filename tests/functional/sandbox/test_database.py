"""The local BioT's database: atomic transactions, migrations, and refusal of other programs' files."""

from __future__ import annotations

import json
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from builder.errors import SandboxError
from sandbox import ADMIN
from sandbox.database import SCHEMA_VERSION, Database
from sandbox.ums.accounts import PUBLISHER_ROLE, ServiceUserDraft, UserDraft, add_service_user, create_user
from sandbox.ums.permissions import ENTITIES, PUBLISHER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WITHOUT_IMAGE_DIGESTS = ("DROP INDEX plugins_by_image", "ALTER TABLE plugins DROP COLUMN image_digest")
INSERT = "INSERT INTO registry_credential VALUES (?, 'secret', 'token', 0)"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "state" / "sandbox.db")) as database:
        database.migrate()
        yield database


def keys(database: Database) -> set[str]:
    with database.read() as connection:
        return {row[0] for row in connection.execute("SELECT access_key_id FROM registry_credential")}


def test_data_survives_a_restart_and_only_the_owner_can_read_it(database: Database) -> None:
    with database.write() as connection:
        connection.execute(INSERT, ("one",))
    database.close()
    again = Database(database.file)
    again.migrate()

    assert keys(again) == {"one"}
    assert stat.S_IMODE(database.file.stat().st_mode) == 0o600
    again.close()


def test_a_request_that_outlives_the_server_leaves_no_connection_open(database: Database) -> None:
    log = database.file.with_name(f"{database.file.name}-wal")
    with database.read():
        database.close()
        assert log.exists()
    assert not log.exists(), "SQLite deletes it when the last connection is closed"

    with database.write() as connection:
        connection.execute(INSERT, ("late",))

    assert not log.exists()
    assert keys(database) == {"late"}


def test_a_transaction_that_raises_is_rolled_back(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.execute(INSERT, ("half",))
            connection.execute(INSERT, ("half",))

    with pytest.raises(sqlite3.IntegrityError):
        fail()
    with database.write() as connection:
        connection.execute(INSERT, ("whole",))

    assert keys(database) == {"whole"}
    database.close()


def test_a_reader_sees_one_state_while_others_write(database: Database) -> None:
    with database.read() as connection:
        before = connection.execute("SELECT count(*) FROM registry_credential").fetchone()[0]
        with database.write() as writing:
            writing.execute(INSERT, ("new",))
        after = connection.execute("SELECT count(*) FROM registry_credential").fetchone()[0]

    assert (before, after) == (0, 0)
    assert keys(database) == {"new"}
    database.close()


def test_many_writers_lose_nothing(database: Database) -> None:
    other = Database(database.file)  # like another process

    def put(number: int) -> None:
        with (database, other)[number % 2].write() as connection:
            connection.execute(INSERT, (str(number),))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(100)))

    assert len(keys(database)) == 100
    database.close()
    other.close()


def test_every_connection_is_durable_and_enforces_foreign_keys(database: Database) -> None:
    with database.read() as reading, database.write() as writing:
        for connection in (reading, writing):
            assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
            assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
            assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1
    database.close()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (f"PRAGMA user_version = {SCHEMA_VERSION + 1}", "newer"),
        ("PRAGMA application_id = 1", "another program"),
    ],
)
def test_a_newer_database_or_one_of_another_program_is_refused_and_unchanged(
    database: Database, statement: str, message: str
) -> None:
    database.close()
    with sqlite3.connect(database.file) as connection:
        connection.execute(statement)
    connection.close()
    refused = Database(database.file)

    with pytest.raises(SandboxError, match=message):
        refused.migrate()
    refused.close()


def test_a_file_that_is_not_a_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no database at all, but long enough to look at" * 40)
    refused = Database(file)

    with pytest.raises(SandboxError, match="cannot be opened"):
        refused.migrate()
    refused.close()


def test_a_database_of_an_older_version_is_migrated(database: Database) -> None:
    database.close()
    with closing(sqlite3.connect(database.file)) as connection:
        for statement in (
            "DROP TABLE ums_one_time_code",
            "DROP TABLE ums_text_message",
            "DROP TABLE ums_user",
            "DROP TABLE ums_service_user",
            (
                "CREATE TABLE ums_user (id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE,"
                " organization_id TEXT NOT NULL, password TEXT NOT NULL, scopes TEXT NOT NULL, mfa_code TEXT,"
                " password_reset_required INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0,"
                " locked_until REAL) STRICT"
            ),
            (
                "CREATE TABLE ums_service_user (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, type TEXT NOT NULL,"
                " organization_id TEXT NOT NULL, scopes TEXT NOT NULL, token_minutes INTEGER NOT NULL,"
                " failures INTEGER NOT NULL DEFAULT 0, locked_until REAL) STRICT"
            ),
            "INSERT INTO ums_user VALUES ('1', 'a', 'o', 'x', '[]', NULL, 0, 0, NULL)",
            "INSERT INTO ums_service_user VALUES ('2', 's', 'EXTERNAL_SERVICE', 'o', '[]', 30, 0, NULL)",
            *WITHOUT_IMAGE_DIGESTS,
            "PRAGMA user_version = 1",
        ):
            connection.execute(statement)
        connection.commit()
    database.migrate()
    database.migrate()
    with database.write() as connection:
        user = create_user(connection, UserDraft(username="b", password="x", scopes=(), phone="+12345678901"))
        people = connection.execute("SELECT id, active, phone FROM ums_user ORDER BY username").fetchall()
        services = connection.execute("SELECT id, active, role_id FROM ums_service_user").fetchall()

    assert [tuple(row) for row in people] == [("1", 1, None), (user, 1, "+12345678901")]
    assert [tuple(row) for row in services] == [("2", 1, PUBLISHER_ROLE)]
    database.close()


def test_the_administrator_of_an_older_database_gets_the_new_permissions_once(database: Database) -> None:
    with database.write() as connection:
        before = tuple(scope for scope in PUBLISHER if scope != "SETTINGS_SEARCH_TEMPLATE")
        for username, scopes in ((ADMIN, before), ("other@example.com", ("PROTECTED_API",))):
            create_user(connection, UserDraft(username=username, password="x", scopes=scopes))
        connection.execute("DROP TABLE entity")
        connection.execute("DROP TABLE entity_template")
        connection.execute("CREATE TABLE image_tags (tag TEXT)")
        for statement in WITHOUT_IMAGE_DIGESTS:
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 2")
    database.migrate()
    database.migrate()
    with database.read() as connection:
        stored = dict(connection.execute("SELECT username, scopes FROM ums_user").fetchall())
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}

    assert sorted(json.loads(stored[ADMIN])) == sorted([*PUBLISHER, *ENTITIES])
    assert json.loads(stored["other@example.com"]) == ["PROTECTED_API"]
    assert "registry_tag" in tables
    assert "image_tags" not in tables
    database.close()


@pytest.mark.parametrize("version", [2, 5])
def test_the_service_user_of_an_older_database_may_search_templates(database: Database, version: int) -> None:
    with database.write() as connection:
        for name in ("biot-plugin", "other"):
            add_service_user(connection, ServiceUserDraft(name=name, scopes=("PROTECTED_API",)))
        for statement in WITHOUT_IMAGE_DIGESTS if version < 5 else ():
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version}")
    database.migrate()
    database.migrate()
    with database.read() as connection:
        stored = dict(connection.execute("SELECT name, scopes FROM ums_service_user").fetchall())

    assert json.loads(stored["biot-plugin"]) == ["PROTECTED_API", "SETTINGS_SEARCH_TEMPLATE"]
    assert json.loads(stored["other"]) == ["PROTECTED_API"]
    database.close()


def test_a_plugin_of_an_older_database_gets_the_image_that_its_tag_has_now(database: Database) -> None:
    with database.write() as connection:
        for statement in WITHOUT_IMAGE_DIGESTS:
            connection.execute(statement)
        columns = [row["name"] for row in connection.execute("PRAGMA table_info(plugins)")]
        for name, tag in (("image", "v"), ("lost", "gone"), ("zip", None)):
            values = {"full_name": name, "image_tag": tag, "code_sha256": None, "runtime": None, "handler": None}
            row = [values.get(column, 1) for column in columns]
            connection.execute(f"INSERT INTO plugins VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
        repository = "local-biot/plugins"
        connection.execute("INSERT INTO registry_manifest VALUES (?, 'sha256:1', 'type', x'00')", (repository,))
        connection.execute("INSERT INTO registry_tag VALUES (?, 'v', 'sha256:1', 'now')", (repository,))
        connection.execute("PRAGMA user_version = 4")
    database.migrate()
    database.migrate()
    with database.read() as connection:
        images = connection.execute("SELECT full_name, image_digest FROM plugins ORDER BY full_name").fetchall()

    assert [tuple(row) for row in images] == [("image", "sha256:1"), ("lost", None), ("zip", None)]
    database.close()
