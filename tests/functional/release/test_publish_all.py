"""``plan --all`` and ``publish --all`` with a local BioT."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from builder.cli.app import run
from builder.publishing.records.journal import all_entries
from builder.publishing.state_folder import StateFolder
from sandbox.faults import FAULT_KINDS, FaultRule, Scenario
from tests.functional.release.conftest import name_local_biot
from tests.support.plugins.plugin_repository import PluginRepository
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

ALL = ("--all", "-e", "local")
NAMES = ("a", "b", "c", "d", "e", "f")
CREATE = "/settings/v2/plugins"


@pytest.fixture
def biot(tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path / "sandbox", faults=Scenario()) as running:
        yield running


@pytest.fixture
def repository(tmp_path: Path, biot: Sandbox) -> PluginRepository:
    return machine_of(tmp_path / "machine", biot)


def machine_of(folder: Path, biot: Sandbox) -> PluginRepository:
    """A machine that knows the local BioT, with a repository of six plugins."""
    repository = PluginRepository(folder=folder / "repository", state=folder / "state", store=folder / "store")
    for name in NAMES:
        repository.write(name)
    user = biot.service_user
    name_local_biot(StateFolder(folder=repository.state), biot.base_url, user.id, user.secret_key)
    return repository


def versions(biot: Sandbox) -> dict[str, int]:
    """The version of each plugin on BioT."""
    page = biot.call("GET", CREATE + "?searchRequest=%7B%22limit%22%3A100%7D", token=biot.token()).body["data"]
    return {plugin["name"]: plugin["version"] for plugin in page}


def verdicts(document: dict[str, Any]) -> dict[str, str]:
    return {plugin["folder"].removeprefix("plugins/"): plugin["verdict"] for plugin in document["plugins"]}


def slow_creation(biot: Sandbox, seconds: float) -> None:
    """BioT creates plugins at once but answers late."""
    assert biot.running.gate is not None
    rule = FaultRule(kind=FAULT_KINDS["slow-answer"], method="POST", path=CREATE, times=0, seconds=seconds)
    biot.running.gate.play(Scenario(rules=(rule,)))


def wait_for_creation(biot: Sandbox, process: subprocess.Popen[str], count: int) -> None:
    """Wait until BioT has created some plugins and their answers are under way."""
    deadline = time.monotonic() + 60
    while len(versions(biot)) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_only_what_differs_is_published_and_each_plugin_has_its_verdict(
    repository: PluginRepository, biot: Sandbox
) -> None:
    first = repository.run("publish", *ALL)
    repository.write("b", answer=2)
    repository.write("c", memory=512)
    (repository.folder / "plugins/d/src/index.py").write_text("x = 1\n")
    repository.write("g")
    planned = repository.call("plan", *ALL, "--json")
    before = versions(biot)
    done = repository.call("publish", *ALL)

    assert first.code == 0, first.err
    assert first.out.splitlines()[-1] == "6 plugins in local: 6 done"
    assert max(map(len, first.out.splitlines()[1:])) <= 80
    assert first.out.startswith("note: plugins/a, plugins/b, plugins/c and 3 more: The plugin is created disabled")
    assert planned.code == 4
    assert planned.document["changed"] == ["plugins/b", "plugins/c", "plugins/g"]
    assert (planned.document["verdict"], planned.document["status"]) == ("not-applied", "error")
    assert before == dict.fromkeys(NAMES, 1)
    rows = {line.split()[0]: line.split()[1:] for line in done.out.splitlines()[-8:-1]}
    assert rows["plugins/a"] == ["1", "nothing", "to", "do"]
    assert rows["plugins/b"] == ["1", "→", "2", "code", "done"]
    assert rows["plugins/c"] == ["1", "1", "setting", "done"]
    assert rows["plugins/d"] == ["not", "applied"]
    assert rows["plugins/g"] == ["new", "→", "1", "new", "plugin", "done"]
    assert done.out.splitlines()[-1] == "7 plugins in local: 3 nothing to do, 3 done, 1 not applied"
    assert done.code == 4
    assert "plugins/d/src/index.py" in done.err
    assert "note: b: done" in done.err
    assert "note: a" not in done.err
    assert versions(biot) == {**dict.fromkeys("acdefg", 1), "b": 2}


def test_the_document_has_what_a_single_publish_prints(repository: PluginRepository, biot: Sandbox) -> None:
    planned = repository.call("plan", *ALL, "--json", "--shard", "1/2")
    assert (planned.code, planned.document["verdict"]) == (10, "changes")
    assert planned.document["changed"] == ["plugins/a", "plugins/b", "plugins/c"]
    assert planned.document["shard"] == {"number": 1, "count": 2}
    assert versions(biot) == {}

    unneeded = repository.state / "releases" / ("f" * 64)
    unneeded.parent.mkdir()
    unneeded.touch()
    os.utime(unneeded, (0, 0))
    done = repository.call("publish", *ALL, "--json", "plugins")
    alone = repository.call("publish", "-e", "local", "--json", "-p", "plugins/a").document
    again = repository.call("publish", *ALL, "--json")

    assert (done.code, done.document["verdict"], done.document["exitCode"]) == (0, "done", 0)
    assert done.document["changed"] == list(NAMES)
    assert {key for plugin in done.document["plugins"] for key in plugin} == {"folder", *alone}
    assert again.document["changed"] == []
    assert again.document["verdict"] == "nothing-to-do"
    same = again.document["plugins"][0]
    assert {key: value for key, value in same.items() if key != "folder"} == alone
    assert done.err == ""
    assert not unneeded.exists()
    assert len(list(unneeded.parent.iterdir())) == 1 + 2 * len(NAMES), "one ZIP, a report and settings for each"


@pytest.mark.parametrize("reason", ["refused", "unreachable", "no-environment"])
def test_what_is_wrong_for_all_is_said_once(repository: PluginRepository, biot: Sandbox, reason: str) -> None:
    state = StateFolder(folder=repository.state)
    if reason == "refused":
        name_local_biot(state, biot.base_url, biot.service_user.id, "another-key")
    elif reason == "unreachable":
        name_local_biot(state, "http://127.0.0.1:9", biot.service_user.id, biot.service_user.secret_key)
    else:
        state.local_file.unlink()
    done = repository.call("publish", *ALL)
    document = repository.call("publish", *ALL, "--json").document

    message = {
        "refused": "refused the log-in",
        "unreachable": "cannot be reached",
        "no-environment": "No local BioT found",
    }[reason]
    assert done.code == 8
    assert done.err.count(message) == 1, done.err
    assert "plugins/a, plugins/b, plugins/c and 3 more" in done.err
    assert done.out.splitlines()[-1] == "6 plugins in local: 6 not applied"
    assert set(verdicts(document).values()) == {"not-applied"}
    assert all(message in plugin["message"] for plugin in document["plugins"])


def test_ctrl_c_finishes_what_is_running_and_the_next_run_continues(
    repository: PluginRepository, biot: Sandbox
) -> None:
    slow_creation(biot, 1.5)
    process = repository.start("publish", *ALL, "--json")
    wait_for_creation(biot, process, 4)
    os.killpg(process.pid, signal.SIGINT)
    stopped = repository.finish(process)
    created = versions(biot)
    slow_creation(biot, 0)
    rest = repository.call("publish", *ALL, "--json").document

    assert stopped.code == 130
    assert stopped.document["kind"] == "interrupted"
    assert sorted(verdicts(stopped.document).values()) == ["done"] * 4 + ["not-applied"] * 2
    assert len(created) == 4
    started = {name for name, verdict in verdicts(stopped.document).items() if verdict == "done"}
    assert started == set(created)
    assert {plugin["kind"] for plugin in stopped.document["plugins"] if "kind" in plugin} == {"not-started"}
    assert verdicts(rest) == {name: "nothing-to-do" if name in created else "done" for name in NAMES}
    assert versions(biot) == dict.fromkeys(NAMES, 1)


def test_after_a_kill_the_next_run_finds_out_how_the_others_ended(repository: PluginRepository, biot: Sandbox) -> None:
    slow_creation(biot, 30)
    process = repository.start("publish", *ALL)
    wait_for_creation(biot, process, 4)
    os.killpg(process.pid, signal.SIGKILL)
    killed = repository.finish(process)
    interrupted = [entry for entry in all_entries(StateFolder(folder=repository.state)) if entry.closed is None]
    slow_creation(biot, 0)
    rest = repository.call("publish", *ALL, "--json").document

    assert killed.code == -signal.SIGKILL
    assert len(interrupted) == 4
    lost = {entry.plugin for entry in interrupted}
    assert verdicts(rest) == {name: "nothing-to-do" if name in lost else "done" for name in NAMES}
    notes = {plugin["plugin"]: plugin["notes"] for plugin in rest["plugins"]}
    for name in lost:
        assert any("was interrupted. It was applied" in note for note in notes[name]), notes
    assert all(entry.closed for entry in all_entries(StateFolder(folder=repository.state)))


@pytest.mark.exhaustive
def test_a_second_ctrl_c_ends_at_once(repository: PluginRepository, biot: Sandbox) -> None:
    slow_creation(biot, 60)
    process = repository.start("publish", *ALL, "--json")
    wait_for_creation(biot, process, 4)
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(1)
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    stopped = repository.finish(process)

    assert time.monotonic() - began < 30
    assert (stopped.code, stopped.document["verdict"]) == (130, "unknown")
    assert "may have been applied" in stopped.document["message"]


def test_two_machines_that_publish_at_once_are_both_right(tmp_path: Path, biot: Sandbox) -> None:
    machines = [machine_of(tmp_path / name, biot) for name in ("first", "second")]
    processes = [machine.start("publish", *ALL, "--json") for machine in machines]
    results = [machine.finish(process) for machine, process in zip(machines, processes, strict=True)]

    assert [result.code for result in results] == [0, 0], results
    for name in NAMES:
        assert {verdicts(result.document)[name] for result in results} <= {"done", "nothing-to-do"}
    assert versions(biot) == dict.fromkeys(NAMES, 1)


def test_two_folders_with_one_plugin_do_not_publish_over_each_other(
    repository: PluginRepository, biot: Sandbox
) -> None:
    manifest = repository.folder / "plugins/b/plugin.toml"
    manifest.write_text(manifest.read_text().replace('name = "b"', 'name = "a"'))
    done = repository.call("publish", *ALL, "--json")

    assert done.code == 4
    assert verdicts(done.document) == {**dict.fromkeys(NAMES, "done"), "b": "not-applied"}
    assert "Duplicate plugin a" in done.document["plugins"][1]["message"]
    assert versions(biot) == dict.fromkeys("acdef", 1)


def test_plugins_on_ones_own_account_are_among_them(repository: PluginRepository, biot: Sandbox) -> None:
    own = repository.write("own", more='\n[environments.local]\nendpointUrl = "http://127.0.0.1:8080/own"\n')
    text = (own / "plugin.toml").read_text("utf-8")
    rows = '\n[plugin.subscriptions]\nnotifications = [{ entityTypeName = "device", actionName = "_create" }]\n'
    (own / "src" / "index.py").write_text("# NOTIFICATION\ndef handler(event, context):\n    return 1\n")
    (own / "plugin.toml").write_text('hosting = "own"\n' + text.replace("\n[environments", f"{rows}\n[environments"))
    done = repository.call("publish", *ALL)
    again = repository.call("publish", *ALL, "--json")

    assert done.code == 0, done.err
    assert "plugins/own  own account  1 subscription  done" in done.out
    assert verdicts(again.document) == dict.fromkeys([*NAMES, "own"], "nothing-to-do")
    assert "own" not in versions(biot)


def forbid(biot: Sandbox, path: str, *, request: int) -> None:
    """BioT answers 403 to reads, from one request on."""
    assert biot.running.gate is not None
    kind = FAULT_KINDS["forbidden"]
    rule = FaultRule(kind=kind, method="GET", path=f"{CREATE}/{path}", request=request, times=0)
    biot.running.gate.play(Scenario(rules=(rule,)))


def test_when_access_ends_in_the_middle_the_others_are_not_tried(repository: PluginRepository, biot: Sandbox) -> None:
    for number in range(20):
        repository.write(f"more{number}")
    assert repository.call("publish", *ALL).code == 0
    forbid(biot, "*", request=6)
    done = repository.call("publish", *ALL)

    assert done.code == 8
    assert done.err.count("ACCESS_DENIED") == 1, done.err
    assert "and 1" in done.err
    assert biot.running.gate is not None
    assert len(biot.running.gate.faulted_requests) < 12, "a few at once, and one question"


def test_when_one_plugin_cannot_be_read_the_others_are_published(repository: PluginRepository, biot: Sandbox) -> None:
    forbid(biot, "*c", request=1)
    document = repository.call("publish", *ALL, "--json").document

    assert document["exitCode"] == 8
    assert verdicts(document) == {**dict.fromkeys(NAMES, "done"), "c": "not-applied"}


def test_options_that_exclude_each_other_are_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    PluginRepository(folder=tmp_path, state=tmp_path, store=tmp_path).write("a")
    monkeypatch.chdir(tmp_path)
    for arguments, message in {
        ("publish", "--all", "--artifact", "plugins"): "are for one plugin",
        ("plan", "--all", "--out", "plan.json"): "are for one plugin",
        ("publish", "--all", "--project", "plugins/a"): "--project names one plugin",
        ("publish", "--shard", "1/2"): "need --all",
        ("publish", "--all", "--from", "dev", "--without-code"): "--from publishes the code of another environment",
        ("plan", "plugins"): "need --all",
        ("plan", "--all", "--shard", "3/2"): "'3/2' is not I/N",
    }.items():
        assert run([*arguments, "-e", "local"]) == 2
        assert message in capsys.readouterr().err
    assert run(["publish", "--all"]) == 8
    assert "No environment given" in capsys.readouterr().err
