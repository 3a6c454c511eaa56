"""The file of what happened: bounded, and whole after a kill."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from sandbox.activity.activity_file import ActivityFile, ChainEnding, NewChain, NewStep
from sandbox.activity.activity_search import ActivityQuery

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.activity.activity_file import ActivityRecord


def chain(number: int, text: str = "") -> list[ActivityRecord]:
    """The records of one chain with one step."""
    identifier = f"{number:032x}"
    return [
        NewChain(
            id=identifier,
            kind="api",
            title=f"GET /{number}",
            trace_id="t",
            parent_id="",
            started="2026-01-01T00:00:00.000Z",
            document={"text": text},
        ),
        NewStep(chain_id=identifier, name="API", listener="", failed=False, document={"name": "API", "listener": ""}),
        ChainEnding(id=identifier, status=200, milliseconds=1.5, failed=False, document={"problem": ""}),
    ]


def titles(file: ActivityFile) -> list[object]:
    return [found["title"] for found in file.search(ActivityQuery(limit=1000))]


def test_a_chain_is_found_by_its_number_and_its_id(tmp_path: Path) -> None:
    file = ActivityFile(tmp_path / "activity.sqlite")
    file.add([*chain(1), *chain(2)])
    by_number, by_id = file.read("2"), file.read(f"{2:032x}")
    file.close()

    assert by_number == by_id
    assert by_number is not None
    assert (by_number["title"], by_number["status"], by_number["finished"]) == ("GET /2", 200, True)
    assert by_number["steps"] == [{"name": "API", "listener": ""}]


def test_the_oldest_chains_are_deleted_when_there_are_too_many(tmp_path: Path) -> None:
    file = ActivityFile(tmp_path / "activity.sqlite", chains_max=20)
    for number in range(50):
        file.add(chain(number))
    kept = titles(file)
    with closing(sqlite3.connect(tmp_path / "activity.sqlite")) as connection:
        (steps,) = connection.execute("SELECT count(*) FROM step").fetchone()
    file.close()

    assert kept == [f"GET /{number}" for number in range(49, 49 - len(kept), -1)]
    assert 18 <= len(kept) == steps <= 20


def test_the_oldest_chains_are_deleted_when_they_are_too_large(tmp_path: Path) -> None:
    file = ActivityFile(tmp_path / "activity.sqlite", size_max=100_000)
    for number in range(30):
        file.add(chain(number, "x" * 10_000))
    kept = len(titles(file))
    file.close()
    again = ActivityFile(tmp_path / "activity.sqlite", size_max=50_000)
    again.add(chain(99))
    fewer = len(titles(again))
    again.close()

    assert 8 <= kept <= 10
    assert fewer <= 5, "the size of an existing file counts"


def test_a_file_of_another_version_or_of_garbage_is_replaced(tmp_path: Path) -> None:
    for content in (b"garbage" * 1000, b""):
        (tmp_path / "activity.sqlite").write_bytes(content)
        file = ActivityFile(tmp_path / "activity.sqlite")
        file.add(chain(1))
        assert titles(file) == ["GET /1"]
        file.close()
    if os.name == "posix":
        assert (tmp_path / "activity.sqlite").stat().st_mode & 0o777 == 0o600


WRITER = """
import sys, pathlib
from tests.functional.sandbox.activity.test_activity_file import chain
from sandbox.activity.activity_file import ActivityFile
file = ActivityFile(pathlib.Path(sys.argv[1]), chains_max=200)
for number in range(100_000):
    file.add(chain(number, "x" * 2_000))
    print(number, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("delay", [0.05, 0.2])
def test_after_a_kill_every_chain_that_was_written_is_there(tmp_path: Path, delay: float) -> None:
    file = tmp_path / "activity.sqlite"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(delay)
        os.kill(writer.pid, signal.SIGKILL)
        last = int(writer.stdout.read().splitlines()[-1])
    opened = ActivityFile(file)
    newest = opened.search(ActivityQuery(limit=1))[0]
    opened.close()
    with closing(sqlite3.connect(file)) as connection:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()

    assert verdict == "ok"
    assert int(str(newest["title"]).removeprefix("GET /")) in {last, last + 1}
    assert newest["finished"] is True
