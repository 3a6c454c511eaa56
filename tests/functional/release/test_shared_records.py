"""Journals and retained releases that machines share, in a folder and in a bucket, with a local BioT."""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from builder.publishing.api_values import TargetEnvironment
from builder.publishing.records.journal import all_entries
from builder.publishing.records.journal_entry import format_time, new_id
from builder.publishing.records.shared_journal import SharedJournal
from builder.publishing.records.shared_location import FolderLocation
from builder.publishing.state_folder import StateFolder
from sandbox.faults import FAULT_KINDS, FaultRule, Scenario
from tests.functional.release.conftest import name_local_biot
from tests.support.plugins.plugin_repository import PluginRepository
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox
from tests.support.servers.s3 import ADDRESS, settings, working_s3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.plugins.plugin_repository import ProcessResult

PLUGIN = ("-p", "plugins/vitals")
PATH = "/settings/v2/plugins"


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One machine of a team: its own state folder and checkout, and the records of all."""

    repository: PluginRepository
    biot: Sandbox
    variables: dict[str, str]

    def __call__(self, *arguments: str, environment: str = "team") -> ProcessResult:
        return self.repository.call(*arguments, *PLUGIN, "-e", environment, "--json", **self.all_variables)

    @property
    def all_variables(self) -> dict[str, str]:
        user = self.biot.service_user
        return {
            "BIOT_SERVICE_USER_ID": user.id,
            "BIOT_SERVICE_USER_SECRET_KEY": user.secret_key,
            **self.variables,
        }

    def write(self, answer: int) -> None:
        table = f'\n[environments.team]\nbaseUrl = "{self.biot.base_url}"\n'
        self.repository.write("vitals", answer=answer, more=table)

    def publish(self, answer: int) -> ProcessResult:
        self.write(answer)
        return self("publish")

    def verdicts(self) -> list[str | None]:
        """The verdicts of ``history``, oldest first."""
        return [entry["verdict"] for entry in reversed(self("history").document["entries"])]


@pytest.fixture
def biot(tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path / "sandbox", faults=Scenario()) as running:
        yield running


@pytest.fixture
def records(tmp_path: Path) -> Path:
    folder = tmp_path / "records"
    folder.mkdir()
    return folder


def machine(folder: Path, biot: Sandbox, **variables: str) -> Machine:
    repository = PluginRepository(folder=folder / "repository", state=folder / "state", store=folder / "store")
    made = Machine(repository=repository, biot=biot, variables=variables)
    made.write(1)
    return made


@pytest.fixture
def team(tmp_path: Path, biot: Sandbox, records: Path) -> tuple[Machine, Machine]:
    first, second = (machine(tmp_path / name, biot, BIOT_PLUGIN_RECORDS=str(records)) for name in ("first", "second"))
    return first, second


@contextmanager
def shared_by(kind: str, records: Path) -> Iterator[dict[str, str]]:
    if kind == "folder":
        yield {"BIOT_PLUGIN_RECORDS": str(records)}
        return
    with working_s3() as s3:
        yield {"BIOT_PLUGIN_RECORDS": ADDRESS, **settings(s3.url)}
        names = {key.removeprefix("team/kit/").split("/")[0] for key in s3.objects()}
        assert names == {"journal", "releases"}


def target_of(biot: Sandbox) -> TargetEnvironment:
    return TargetEnvironment(name="team", base_url=biot.base_url)


def code_of(biot: Sandbox) -> tuple[int, str]:
    """The version and the sha256 of the ZIP that BioT has."""
    with biot.running.state.database.read() as connection:
        row = connection.execute("SELECT code_sha256 FROM plugins WHERE full_name = 'Plugin-vitals'").fetchone()
    version = biot.call("GET", f"{PATH}/Plugin-vitals", token=biot.token()).body["version"]
    return int(version), str(row[0])


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_another_machine_lists_and_rolls_back_what_the_first_published(
    tmp_path: Path, biot: Sandbox, records: Path, kind: str
) -> None:
    with shared_by(kind, records) as variables:
        first, second = (machine(tmp_path / name, biot, **variables) for name in ("first", "second"))
        published = first.publish(1)
        assert published.code == 0, published.out
        version, sha256 = code_of(biot)
        assert first.publish(2).code == 0
        listed = second("history").document["entries"]
        back = second("rollback")
        again = first("history").document["entries"]
        everywhere = second.repository.call("history", *PLUGIN, "--json", **second.all_variables).document["entries"]

    assert (version, [entry["versionTo"] for entry in listed]) == (1, [2, 1])
    assert back.code == 0, back.out
    assert code_of(biot) == (3, sha256)
    assert [(entry["command"], entry["verdict"]) for entry in again] == [
        ("rollback", "done"),
        ("publish", "done"),
        ("publish", "done"),
    ]
    assert everywhere == again


def test_without_the_setting_and_for_the_local_biot_nothing_is_shared(
    tmp_path: Path, biot: Sandbox, records: Path, team: tuple[Machine, Machine]
) -> None:
    alone = machine(tmp_path / "alone", biot)
    assert alone.publish(1).code == 0
    assert team[1].verdicts() == []
    name_local_biot(
        StateFolder(folder=team[0].repository.state),
        biot.base_url,
        biot.service_user.id,
        biot.service_user.secret_key,
    )
    team[0].write(2)
    variables = {"BIOT_PLUGIN_RECORDS": str(records)}
    done = team[0].repository.call("publish", *PLUGIN, "-e", "local", "--json", **variables)

    assert done.code == 0, done.out
    assert list(records.iterdir()) == []


def kill_while_creating(first: Machine) -> None:
    """Kill a publish whose request was applied and whose answer is under way."""
    gate = first.biot.running.gate
    assert gate is not None
    kind = FAULT_KINDS["slow-answer"]
    gate.play(Scenario(rules=(FaultRule(kind=kind, method="POST", path=PATH, times=0, seconds=60),)))
    process = first.repository.start("publish", *PLUGIN, "-e", "team", **first.all_variables)
    deadline = time.monotonic() + 60
    while first.biot.call("GET", f"{PATH}/Plugin-vitals", token=first.biot.token()).status != 200:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    first.repository.finish(process)
    gate.play(Scenario())


def test_another_machine_finds_out_how_a_killed_publish_ended(team: tuple[Machine, Machine]) -> None:
    first, second = team
    kill_while_creating(first)
    assert second.verdicts() == [None]
    done = second("publish").document

    assert done["verdict"] == "nothing-to-do"
    assert any("was interrupted. It was applied" in note for note in done["notes"])
    assert second.verdicts() == first.verdicts() == ["done"]
    later = first("publish").document
    assert later["verdict"] == "nothing-to-do"
    assert first.verdicts() == ["done"]
    assert second.publish(2).code == 0
    assert first("rollback").code == 0, "also to what the killed publish had sent"


def test_a_publish_of_another_machine_may_be_running_for_an_hour(
    team: tuple[Machine, Machine], biot: Sandbox, records: Path
) -> None:
    first, second = team
    assert first.publish(1).code == 0
    journal = SharedJournal(FolderLocation(records), target_of(biot), "vitals")
    known = journal.entries()[0]
    for who, minutes in (("running", 5), ("killed", 90)):
        opened = format_time(datetime.now(UTC) - timedelta(minutes=minutes))
        journal.open(
            replace(known, id=new_id(), opened=opened, who=who, version_from=1, version_to=2, digest_to="sha256:other")
        )
    done = second.publish(3).document
    entries = {entry.who: entry for entry in journal.entries()}

    assert done["verdict"] == "done"
    assert any("by running began at" in note and "may still be running" in note for note in done["notes"])
    assert any("by killed was interrupted" in note for note in done["notes"])
    assert entries["running"].closed is None
    assert (entries["killed"].verdict, entries["killed"].settled_by is None) == ("not-applied", False)


def test_the_own_record_of_a_publish_counts_more_than_what_another_run_found_out(
    team: tuple[Machine, Machine], biot: Sandbox, records: Path
) -> None:
    assert team[0].publish(1).code == 0
    journal = SharedJournal(FolderLocation(records), target_of(biot), "vitals")
    entry = journal.entries()[0]
    journal.close(replace(entry, verdict="not-applied", settled_by=new_id()))

    assert journal.entries() == (entry,)
    assert entry.verdict == "done"
    assert team[1].verdicts() == ["done"]


def test_two_machines_at_once_lose_no_record_and_no_change(
    team: tuple[Machine, Machine], biot: Sandbox, records: Path
) -> None:
    assert team[0].publish(1).code == 0
    for answer, one in enumerate(team, 2):
        one.write(answer)
    started = [one.repository.start("publish", *PLUGIN, "-e", "team", "--json", **one.all_variables) for one in team]
    results = [one.repository.finish(process) for one, process in zip(team, started, strict=True)]
    entries = SharedJournal(FolderLocation(records), target_of(biot), "vitals").entries()

    verdicts = sorted(result.document["verdict"] for result in results)
    assert verdicts in (["done", "done"], ["conflict", "done"])
    recorded = [entry for entry in entries if entry.version_from is not None]
    assert sorted(str(entry.verdict) for entry in recorded) == verdicts
    last = max((entry for entry in recorded if entry.verdict == "done"), key=lambda entry: entry.version_to)
    assert code_of(biot) == (last.version_to, last.artifact)


def test_records_that_cannot_be_written_stop_the_publish_before_anything_is_sent(
    team: tuple[Machine, Machine], biot: Sandbox, records: Path
) -> None:
    records.rmdir()
    refused = team[0]("publish")
    bad = machine(records.with_name("bad"), biot, BIOT_PLUGIN_RECORDS="s3://UPPER/case")("publish")
    gone = {**settings("http://127.0.0.1:9"), "BIOT_PLUGIN_RECORDS": ADDRESS}
    unreachable = machine(records.with_name("gone"), biot, **gone)("publish")

    for result, message in (
        (refused, "there is no such folder"),
        (bad, "is not usable"),
        (unreachable, "it is unreachable"),
    ):
        assert (result.code, result.document["verdict"]) == (8, "not-applied")
        assert message in result.document["message"]
    assert biot.call("GET", f"{PATH}/Plugin-vitals", token=biot.token()).status == 404


def test_lost_and_damaged_records_do_no_harm(team: tuple[Machine, Machine], records: Path, biot: Sandbox) -> None:
    first, second = team
    assert first.publish(1).code == 0
    sha256 = code_of(biot)[1]
    assert first.publish(2).code == 0
    for file in records.rglob("*.closed.json"):
        file.unlink()
    folder = next(records.glob("journal/vitals/*"))
    (folder / "notes.txt").write_text("x")
    (folder / f"20261129T000000Z-{new_id()}.closed.json").write_text('{"event": "open"')
    assert first("publish").document["verdict"] == "nothing-to-do"
    assert second.verdicts() == ["done", "done"], "written again by the machine that knows"

    (records / "releases" / sha256).write_bytes(b"damaged")
    back = second("rollback")
    assert (back.code, back.document["kind"]) == (8, "not-possible")
    assert "no longer has its artifact" in back.document["message"]
    shutil.rmtree(second.repository.state)
    assert first("rollback").code == 0, "its own copy is whole"
    assert [entry.verdict for entry in all_entries(StateFolder(folder=first.repository.state))] == ["done"] * 3


def test_settings_are_readable_for_the_team_and_for_nobody_else(team: tuple[Machine, Machine], records: Path) -> None:
    assert team[0].publish(1).code == 0

    assert [file.name for file in (records / "releases").iterdir() if file.stat().st_mode & 0o007] == []
