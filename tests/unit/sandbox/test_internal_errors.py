"""What a caller reads when the local BioT itself fails."""

from __future__ import annotations

import errno
import sqlite3

import pytest

from sandbox.web.error_responses import internal_error


def full_database() -> sqlite3.Error:
    """What SQLite raises when it may not grow any more."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE one (text)")
    connection.execute("PRAGMA max_page_count = 2")
    try:
        connection.execute("INSERT INTO one VALUES (?)", ("x" * 100_000,))
    except sqlite3.Error as error:
        return error
    finally:
        connection.close()
    raise AssertionError


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), full_database()])
def test_a_full_disk_is_named(error: Exception) -> None:
    answer = internal_error(error)

    assert (answer.status, answer.code) == (500, "INTERNAL_SERVER_ERROR")
    assert answer.message == "The disk of the local BioT is full."


@pytest.mark.parametrize("error", [OSError(errno.EIO, "a path"), sqlite3.ProgrammingError("a query"), KeyError("key")])
def test_another_failure_shows_nothing_of_itself(error: Exception) -> None:
    assert internal_error(error).message == "The local BioT failed. Its terminal shows the reason."
