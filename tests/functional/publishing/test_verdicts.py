"""Every command that may change BioT says in every ``--json`` document what is known of the change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

import pytest

from builder.cli.app import run
from builder.publishing.api.settings_service import Platform
from builder.publishing.api_values import Secret
from builder.publishing.failures import Conflict, RolledBack, Unsettled
from builder.publishing.state_folder import LocalBiot, State, write_local
from tests.functional.publishing.conftest import MANIFEST

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.publishing.conftest import CommandLine

URL = ("--endpoint", "https://hook.example.com/x")
COMMANDS = (
    ("publish",),
    ("rollback",),
    ("plan",),
    ("enable",),
    ("disable",),
    ("delete", "age-calculator", "--yes"),
    ("subscribe", "notification", "device", "_create", *URL),
    ("unsubscribe", "interception", "ADAPT_ENTITY", "patient", *URL),
)
commands = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])


def ended(biot_plugin: CommandLine, *arguments: str) -> tuple[str, str]:
    """The kind and the verdict of the only document."""
    said = biot_plugin(*arguments, "--json")
    assert said.code
    return said.document["kind"], said.document["verdict"]


@commands
def test_a_wrong_command_line(biot_plugin: CommandLine, command: tuple[str, ...]) -> None:
    assert ended(biot_plugin, *command, "--nonsense") == ("usage", "not-applied")


@commands
def test_no_environment_and_an_unknown_one(biot_plugin: CommandLine, command: tuple[str, ...]) -> None:
    assert ended(biot_plugin, *command)[1] == "not-applied"
    assert ended(biot_plugin, *command, "-e", "moon")[1] == "not-applied"


@commands
def test_a_manifest_with_problems_and_none(
    biot_plugin: CommandLine, desk: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    (desk / "plugin.toml").write_text("[plugin\n")
    assert ended(biot_plugin, *command, "-e", "local") == ("manifest", "not-applied")
    (desk / "empty").mkdir()
    monkeypatch.chdir(desk / "empty")
    (desk / "plugin.toml").unlink()
    assert ended(biot_plugin, *command, "-e", "dev") == ("project", "not-applied")


@commands
def test_no_credentials(biot_plugin: CommandLine, desk: Path, command: tuple[str, ...]) -> None:
    (desk / "plugin.toml").write_text(f'{MANIFEST}[environments.dev]\nbaseUrl = "https://biot.invalid"\n')
    packaged(desk)
    assert ended(biot_plugin, *command, "-e", "dev") == ("access", "not-applied")


@commands
def test_nobody_listens(biot_plugin: CommandLine, desk: Path, command: tuple[str, ...]) -> None:
    nobody = LocalBiot(base_url="http://127.0.0.1:1", service_user_id="u", service_user_secret_key=Secret("s"))
    write_local(State(folder=desk.parent / "state"), nobody)
    packaged(desk)
    assert ended(biot_plugin, *command, "-e", "local") == ("unreachable", "not-applied")


@commands
@pytest.mark.usefixtures("desk")
def test_an_interrupt_before_anything(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--json"], interrupted=True) == 130
    document = json.loads(capsys.readouterr().out)
    assert (document["kind"], document["verdict"]) == ("interrupted", "not-applied")


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (Unsettled("Lost."), ("unknown", "unknown")),
        (Conflict("Others."), ("conflict", "conflict")),
        (RolledBack("Undone.", code="AWS_EXCEPTION", lasting=True), ("not-applied", "not-applied")),
        (KeyboardInterrupt(), ("interrupted", "unknown")),
        (ZeroDivisionError(), ("bug", "unknown")),
    ],
)
def test_a_change_under_way(
    biot_plugin: CommandLine,
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    ending: tuple[str, str],
) -> None:
    platform.create({"name": "age-calculator", "displayName": "A", "version": 1, "runtime": "python3.12"}, None)

    def fail(*_: object) -> NoReturn:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Platform, "update", fail)
        patch.setattr("builder.publishing.remote.idempotent_retries._FIRST_WAIT", 0.0)
        assert ended(biot_plugin, "disable", "-e", "local") == ending


def test_a_good_ending_has_a_verdict_too(biot_plugin: CommandLine, platform: Platform, desk: Path) -> None:
    platform.create({"name": "age-calculator", "displayName": "A", "version": 1, "runtime": "python3.12"}, None)
    packaged(desk)
    endings = [
        (biot_plugin(*command, "-e", "local", "--json").document["verdict"])
        for command in (
            ("disable",),
            ("disable",),
            ("enable",),
            ("plan",),
            ("publish",),
            ("plan",),
            ("publish",),
            ("subscribe", *COMMANDS[6][1:]),
            ("subscribe", *COMMANDS[6][1:]),
            ("unsubscribe", *COMMANDS[6][1:]),
            ("unsubscribe", *COMMANDS[6][1:]),
            ("delete", "age-calculator", "--yes"),
        )
    ]
    nothing = "nothing-to-do"
    expected = ["done", nothing, "done", "changes", "done", nothing, nothing, "done", nothing, "done", nothing, "done"]
    assert endings == expected


def packaged(desk: Path) -> None:
    """Code that can be packaged."""
    (desk / "src").mkdir()
    (desk / "src" / "index.py").write_text("def handler(event, context):\n    return 1\n")
    (desk / "pyproject.toml").write_text("[project]\nname = 'x'\nversion = '1'\ndependencies = []\n")
