"""Journal and retained releases: incomplete lines, interrupted publishes, two publishers at once, pruning."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.errors import PublishError
from builder.network.verdict import Verdict
from builder.progress import SilentProgress
from builder.publishing.api_values import RemotePlugin, TargetEnvironment
from builder.publishing.clock import SystemClock
from builder.publishing.failures import Conflict
from builder.publishing.records.interrupted_runs import resolve_interrupted_run
from builder.publishing.records.journal import Journal, all_entries
from builder.publishing.records.journal_entry import JournalEntry, new_id
from builder.publishing.records.outcome import PublishOutcome
from builder.publishing.records.retained_releases import RETAINED_COUNT, RetainedReleases, successful_releases
from builder.publishing.state_folder import StateFolder
from tests.support.biot.model_biot import VirtualClock
from tests.support.biot.remote_plugins import desired_plugin, digest, published

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.functional.release.conftest import PublisherMachine
    from tests.support.sandbox.running_sandbox import Sandbox

REPOSITORY = Path(__file__).parents[3]
TARGET = TargetEnvironment(name="dev", base_url="https://api.dev.example.com")
DONE = PublishOutcome(verdict=Verdict.DONE, detail="It is there.")


AN_HOUR_LATER = datetime(2026, 11, 20, 13, tzinfo=UTC)


def entry(version: int = 1, **changes: object) -> JournalEntry:
    plain = JournalEntry(
        id=new_id(),
        opened="2026-11-20T12:00:00Z",
        command="publish",
        who="ada@desk",
        plugin="age-calculator",
        environment="dev",
        base_url=TARGET.base_url,
        version_from=version - 1 or None,
        version_to=version,
        digest_from=None,
        digest_to=digest("a"),
        code=True,
        config="0" * 64,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return StateFolder(folder=tmp_path / "state")


def test_entries_are_read_back_and_incomplete_lines_are_ignored(state: StateFolder) -> None:
    journal = Journal(state, TARGET, "age-calculator")
    first, second = entry(1), entry(2)
    journal.open(first)
    journal.close(first, DONE, VirtualClock().now())
    with journal.file.open("ab") as stream:
        stream.write(b'{"event": "open", "id": "torn')  # a crash in the middle of a line
    journal.open(second)
    with journal.file.open("ab") as stream:
        stream.write(b'[]\n{"event": "close", "id": "nobody"}\n{"event": "open"}\n\xff\n')

    read = journal.entries()
    assert [one.version_to for one in read] == [1, 2]
    assert (read[0].verdict, read[0].detail, read[0].closed) == ("done", "It is there.", "2026-11-20T12:00:00Z")
    assert read[1] == second
    assert tuple(all_entries(state)) == read


@pytest.mark.parametrize(
    "changes",
    [
        {"versionTo": "abc"},
        {"versionTo": True},
        {"versionFrom": []},
        {"artifact": 5},
        {"code": None},
        {"id": 5},
        {"id": [1]},
        {"event": "close", "verdict": [1]},
        {"event": "close", "detail": {}},
        {"who": "\ud800"},
    ],
    ids=str,
)
def test_a_line_that_the_kit_did_not_write_is_ignored(state: StateFolder, changes: dict[str, object]) -> None:
    journal = Journal(state, TARGET, "age-calculator")
    journal.open(entry(1))
    read = journal.entries()
    line = json.loads(journal.file.read_bytes())
    with journal.file.open("ab") as stream:
        stream.write(json.dumps({**line, "id": "another"} | changes).encode() + b"\n")
        stream.write(json.dumps(line | changes).encode() + b"\n" if "id" not in changes else b"")
        stream.write(b"[" * 100_000 + b'\n{"event": "open", "id": "zz"}\n5\nnull\n')

    assert journal.entries() == read


def test_a_line_that_is_written_in_pieces_is_complete(state: StateFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, write = Journal(state, TARGET, "age-calculator"), os.write
    monkeypatch.setattr("os.write", lambda descriptor, data: write(descriptor, data[:7]))
    journal.open(entry(1))

    assert [one.version_to for one in journal.entries()] == [1]


def test_a_long_journal_keeps_its_newest_entries_and_those_that_are_not_closed(state: StateFolder) -> None:
    journal = Journal(state, TARGET, "age-calculator")
    interrupted = entry(1)
    journal.open(interrupted)
    publish_often(journal, range(2, 40))
    short = journal.file.read_bytes()
    journal.drop_oldest()
    assert journal.file.read_bytes() == short

    publish_often(journal, range(40, 301))
    before = journal.entries()
    journal.drop_oldest()

    assert journal.entries() == (before[0], *before[-50:])
    assert journal.entries()[0] == interrupted
    assert journal.file.stat().st_mode & 0o777 == 0o600


def test_a_journal_that_cannot_be_shortened_stays(state: StateFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(state, TARGET, "age-calculator")
    journal.drop_oldest()  # there is none yet
    publish_often(journal, range(1, 301))
    before = journal.file.read_bytes()
    monkeypatch.setattr("os.replace", _full_disk)
    journal.drop_oldest()

    assert journal.file.read_bytes() == before


def publish_often(journal: Journal, versions: Iterable[int]) -> None:
    for version in versions:
        one = entry(version)
        journal.open(one)
        journal.close(one, DONE, VirtualClock().now())


def _full_disk(*_arguments: object) -> None:
    raise OSError(28, "No space left on device")


def test_projects_with_the_same_environment_name_do_not_share_a_journal(state: StateFolder) -> None:
    other = TargetEnvironment(name="dev", base_url="https://api.dev.example.org")

    assert Journal(state, TARGET, "a").file != Journal(state, other, "a").file
    assert state.journal in Journal(state, TARGET, "../../x").file.parents


def test_the_second_publisher_of_a_plugin_waits_and_gets_a_note(state: StateFolder) -> None:
    journal = Journal(state, TARGET, "age-calculator")
    notes: list[str] = []
    order: list[str] = []

    class Notes(SilentProgress):
        def note(self, message: str) -> None:
            notes.append(message)

    def second() -> None:
        with journal.locked(SystemClock(), Notes()):
            order.append("second")

    with journal.locked(SystemClock(), SilentProgress()):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.3)
        order.append("first")
    thread.join()

    assert order == ["first", "second"]
    assert len(notes) == 1
    assert "Waiting for another publish" in notes[0]


def test_a_publisher_gives_up_waiting_without_sending(state: StateFolder) -> None:
    journal = Journal(state, TARGET, "age-calculator")
    with (
        journal.locked(SystemClock(), SilentProgress()),
        pytest.raises(Conflict, match="Nothing was sent"),
        journal.locked(VirtualClock(), SilentProgress()),
    ):
        pass


def test_an_unwritable_journal_is_reported_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    with pytest.raises(PublishError, match="cannot be written"):
        Journal(StateFolder(folder=tmp_path / "state"), TARGET, "a").open(entry())


def test_the_newest_releases_are_retained_and_unneeded_files_deleted(state: StateFolder, tmp_path: Path) -> None:
    journal, retained = Journal(state, TARGET, "age-calculator"), RetainedReleases(state)
    configs = []
    for version in range(1, RETAINED_COUNT + 4):
        configs.append(retained.keep_settings({"version": version}))
        one = entry(version, config=configs[-1])
        journal.open(one)
        if version != 2:  # killed
            journal.close(one, DONE, VirtualClock().now())
    stray = retained.keep_settings({"version": "of a publish that failed"})
    for file in state.releases.iterdir():
        os.utime(file, (0, 0))
    young = retained.keep_settings({"version": "of a publish that begins at this moment"})
    retained.prune()

    there = {file.name for file in state.releases.iterdir()}
    assert there == {configs[1], *configs[-RETAINED_COUNT:], young}
    assert stray not in there
    assert len(successful_releases(journal.entries())) == RETAINED_COUNT + 2
    assert tmp_path.exists()


def test_a_damaged_retained_file_counts_as_missing(state: StateFolder, tmp_path: Path) -> None:
    retained = RetainedReleases(state)
    sha256 = retained.keep_settings({"a": 1})
    assert retained.read_settings(sha256) == {"a": 1}
    retained.find(sha256).write_bytes(b"{}")  # type: ignore[union-attr]

    assert retained.read_settings(sha256) is None
    assert retained.find("../" + sha256) is None
    with pytest.raises(PublishError, match="cannot be stored"):
        retained.keep_file(tmp_path / "nowhere.zip", "1" * 64)


@pytest.mark.parametrize(
    ("remote", "verdict"),
    [
        (published(desired_plugin("b"), version=6), Verdict.DONE),
        (published(desired_plugin("a"), version=5), Verdict.NOT_APPLIED),
        (published(desired_plugin("c"), version=6), Verdict.CONFLICT),
        (published(desired_plugin("c"), version=7), Verdict.CONFLICT),
        (published(desired_plugin("b", timeout=9), version=6), Verdict.UNKNOWN),
        (None, Verdict.CONFLICT),
    ],
)
def test_an_interrupted_publish_is_resolved_by_the_state_of_biot(remote: RemotePlugin | None, verdict: Verdict) -> None:
    killed = entry(6, version_from=5, digest_to=digest("b"))

    assert resolve_interrupted_run(killed, desired_plugin("b").settings, remote, AN_HOUR_LATER).verdict is verdict


def test_an_interrupted_creation_that_left_nothing_was_not_applied() -> None:
    assert resolve_interrupted_run(entry(1), None, None, AN_HOUR_LATER).verdict is Verdict.NOT_APPLIED


@pytest.mark.parametrize("remote", [published(desired_plugin("a"), version=5), None])
@pytest.mark.parametrize("opened", ["2026-11-20T12:59:00Z", "2026-11-20T13:00:09Z", "no time"])
def test_a_recently_interrupted_publish_may_still_be_applied(remote: RemotePlugin | None, opened: str) -> None:
    """The process is gone, and the server may still be at work on what it sent."""
    killed = entry(6, version_from=5 if remote else None, digest_to=digest("b"), opened=opened)

    outcome = resolve_interrupted_run(killed, desired_plugin("b").settings, remote, AN_HOUR_LATER)

    assert outcome.verdict is Verdict.UNKNOWN
    assert "may still be applied" in outcome.detail


def test_an_interrupted_publish_says_that_it_may_have_been_applied_and_the_next_one_resolves_it(
    machine: PublisherMachine, biot: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("builder.publishing.execution.run.carry_out", interrupted)
        done = machine("publish", "-e", "local")
    assert done.code == 130
    assert "may have been applied" in done.err
    assert machine("history", "--json").document["entries"][0]["verdict"] is None

    done = machine("publish", "-e", "local", "--json")
    assert done.document["verdict"] == "done"
    assert any("was interrupted" in note for note in done.document["notes"])
    newest, killed = machine("history", "--json").document["entries"]
    assert (killed["verdict"], killed["settledLater"], newest["verdict"]) == ("unknown", True, "done")
    assert biot.base_url


def test_a_publish_that_was_killed_after_it_was_applied_is_resolved_as_done(
    machine: PublisherMachine, biot: Sandbox
) -> None:
    """SIGKILL as soon as the plugin is there: no line is closed, no lock is left, and the next run knows."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    argv = [sys.executable, "-m", "builder", "publish", "-e", "local", "-p", str(machine.plugin), "--disabled-first"]
    manifest = machine.plugin / "plugin.toml"
    manifest.write_text(manifest.read_text().replace("version = 1\n", 'version = 1\nenabledState = "ENABLED"\n'))
    process = subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    token, ends = biot.token(), time.monotonic() + 20
    while biot.call("GET", "/settings/v2/plugins/Plugin-age-calculator", token=token).status != 200:
        assert time.monotonic() < ends
    process.send_signal(signal.SIGKILL)
    process.wait()
    again = machine("publish", "-e", "local", "--json")

    assert again.document["verdict"] in {"done", "nothing-to-do"}
    entries = machine("history", "--json").document["entries"]
    assert all(one["verdict"] in {"done", "unknown"} for one in entries)
    assert json.dumps(entries)


@pytest.mark.parametrize("suffix", [".jsonl", ".lock"])
def test_a_fifo_in_place_of_a_journal_or_its_lock_does_not_block(tmp_path: Path, suffix: str) -> None:
    journal = Journal(
        StateFolder(folder=tmp_path), TargetEnvironment(name="dev", base_url="https://biot.invalid"), "age"
    )
    journal.file.parent.mkdir(parents=True)
    os.mkfifo(journal.file.with_suffix(suffix))

    def use() -> None:
        with journal.locked(SystemClock(), SilentProgress()):
            journal.entries()

    with pytest.raises(PublishError, match="not a regular file"):
        use()
    assert tuple(all_entries(StateFolder(folder=tmp_path))) == ()


def test_a_fifo_in_place_of_a_retained_file_counts_as_missing(tmp_path: Path) -> None:
    retained = RetainedReleases(StateFolder(folder=tmp_path))
    sha256 = retained.keep_settings({"a": 1})
    (tmp_path / "releases" / sha256).unlink()
    os.mkfifo(tmp_path / "releases" / sha256)

    assert retained.find(sha256) is None
    assert retained.read_settings(sha256) is None
