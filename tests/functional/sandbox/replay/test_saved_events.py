"""``biot-plugin activity save``: an event for the plugin's own tests, without anything of the recorded people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.publishing.conftest import CommandLine
    from tests.support.sandbox.hook_endpoint import HookEndpoint

MANIFEST = '[plugin]\nname = "age"\ndisplayName = "Age"\nversion = 1\nruntime = "python3.13"\n'


@pytest.fixture
def project(biot_plugin: CommandLine, first: HookEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plugin's folder, and one recorded notification about a patient called Zacharias."""
    (tmp_path / "age" / "src").mkdir(parents=True)
    (tmp_path / "age" / "plugin.toml").write_text(MANIFEST)
    monkeypatch.chdir(tmp_path / "age" / "src")
    where = ("--endpoint", first.url, "-e", "local", "--project", "..")
    biot_plugin("subscribe", "notification", "patient", "_create", *where)
    biot_plugin("trigger", "patient", "_create", "--set", "_name.firstName=Zacharias", "--set", "weight=81.5")
    biot_plugin("unsubscribe", "notification", "patient", "_create", *where)
    return tmp_path / "age"


def newest(biot_plugin: CommandLine) -> str:
    return str(biot_plugin("activity", "--limit", "1", "--json").document["chains"][0]["number"])


def test_an_event_is_written_into_the_folder_of_the_plugin_with_pseudonyms(
    biot_plugin: CommandLine, project: Path
) -> None:
    number = newest(biot_plugin)
    done = biot_plugin("activity", "save", number)
    file = project / "events" / "notification_patient_create.json"
    text = file.read_text()
    event = json.loads(text)
    body = json.loads(event["body"])

    assert (done.code, done.out.splitlines()[0]) == (0, str(file))
    assert event["headers"]["hooktype"] == "NOTIFICATION"
    assert body["metadata"]["actionName"] == "_create"
    assert body["data"]["entity"]["_template"]["name"] == "patient"
    assert body["jwt"] == "<token>"
    assert "Zacharias" not in text
    assert "81.5" not in text
    assert not (project / "tests").exists()  # it has not the tests of a generated plugin
    again = biot_plugin("activity", "save", number)
    assert (again.code, "exists already" in again.err) == (2, True)
    assert biot_plugin("activity", "save", number, "--force").code == 0
    assert biot_plugin("activity", "save", number, "--name", "born", "--json").document["file"].endswith("born.json")


def test_a_generated_plugin_gets_a_test_of_the_event(biot_plugin: CommandLine, project: Path) -> None:
    support = project / "tests" / "support" / "events.py"
    support.parent.mkdir(parents=True)
    support.touch()

    done = biot_plugin("activity", "save", newest(biot_plugin))

    test = project / "tests" / "test_notification_patient_create.py"
    assert str(test) in done.out
    assert 'assert answer["statusCode"] == 200' in test.read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [(["--name", "../x"], 2, "is not the name of a file"), (["--step", "2"], 9, "has 1 calls.")],
)
def test_a_wrong_command_line_writes_nothing(
    biot_plugin: CommandLine, project: Path, arguments: list[str], code: int, what: str
) -> None:
    done = biot_plugin("activity", "save", newest(biot_plugin), *arguments)

    assert done.code == code
    assert what in done.err
    assert not (project / "events").exists()
