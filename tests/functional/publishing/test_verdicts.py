"""Every command that may change BioT prints a verdict with ``--json``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

import pytest

from builder.cli.app import run
from builder.network.retries import RetryPolicy
from builder.network.secret_text import SecretText
from builder.publishing.api.client import BiotClient
from builder.publishing.failures import Conflict, OutcomeUnknown, RolledBack
from builder.publishing.state_folder import LocalBiot, StateFolder, write_local_biot
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
AT_ONCE = RetryPolicy(attempts=5, first_wait=0.0, longest_backoff=0.0)
commands = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])


def ended(biot_plugin: CommandLine, *arguments: str) -> tuple[str, str]:
    """The kind and the verdict of the only document."""
    result = biot_plugin(*arguments, "--json")
    assert result.code
    return result.document["kind"], result.document["verdict"]


@commands
def test_a_wrong_command_line(biot_plugin: CommandLine, command: tuple[str, ...]) -> None:
    assert ended(biot_plugin, *command, "--nonsense") == ("usage", "not-applied")


@commands
def test_no_environment_and_an_unknown_one(biot_plugin: CommandLine, command: tuple[str, ...]) -> None:
    assert ended(biot_plugin, *command)[1] == "not-applied"
    assert ended(biot_plugin, *command, "-e", "moon")[1] == "not-applied"


@commands
def test_a_manifest_with_problems_and_none(
    biot_plugin: CommandLine, plugin_folder: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    (plugin_folder / "plugin.toml").write_text("[plugin\n")
    assert ended(biot_plugin, *command, "-e", "local") == ("manifest", "not-applied")
    (plugin_folder / "empty").mkdir()
    monkeypatch.chdir(plugin_folder / "empty")
    (plugin_folder / "plugin.toml").unlink()
    assert ended(biot_plugin, *command, "-e", "dev") == ("project", "not-applied")


@commands
def test_no_credentials(biot_plugin: CommandLine, plugin_folder: Path, command: tuple[str, ...]) -> None:
    (plugin_folder / "plugin.toml").write_text(f'{MANIFEST}[environments.dev]\nbaseUrl = "https://biot.invalid"\n')
    packaged(plugin_folder)
    assert ended(biot_plugin, *command, "-e", "dev") == ("access", "not-applied")


@commands
def test_a_refused_connection(biot_plugin: CommandLine, plugin_folder: Path, command: tuple[str, ...]) -> None:
    nobody = LocalBiot(base_url="http://127.0.0.1:1", service_user_id="u", service_user_secret_key=SecretText("s"))
    write_local_biot(StateFolder(folder=plugin_folder.parent / "state"), nobody)
    packaged(plugin_folder)
    assert ended(biot_plugin, *command, "-e", "local") == ("unreachable", "not-applied")


@commands
@pytest.mark.usefixtures("plugin_folder")
def test_an_interrupt_before_the_command_starts(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--json"], interrupted=True) == 130
    document = json.loads(capsys.readouterr().out)
    assert (document["kind"], document["verdict"]) == ("interrupted", "not-applied")


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (OutcomeUnknown("Lost."), ("unknown", "unknown")),
        (Conflict("Others."), ("conflict", "conflict")),
        (RolledBack("Undone.", code="AWS_EXCEPTION", lasting=True), ("not-applied", "not-applied")),
        (KeyboardInterrupt(), ("interrupted", "unknown")),
        (ZeroDivisionError(), ("bug", "unknown")),
    ],
)
def test_an_interrupted_change(
    biot_plugin: CommandLine,
    client: BiotClient,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    ending: tuple[str, str],
) -> None:
    client.create({"name": "age-calculator", "displayName": "A", "version": 1, "runtime": "python3.12"}, None)

    def fail(*_: object) -> NoReturn:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(BiotClient, "update", fail)
        patch.setattr("builder.publishing.remote.idempotent_retries.ACTION_RETRIES", AT_ONCE)
        assert ended(biot_plugin, "disable", "-e", "local") == ending


def test_a_success_has_a_verdict_too(biot_plugin: CommandLine, client: BiotClient, plugin_folder: Path) -> None:
    client.create({"name": "age-calculator", "displayName": "A", "version": 1, "runtime": "python3.12"}, None)
    packaged(plugin_folder)
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


def packaged(plugin_folder: Path) -> None:
    """Code that can be packaged."""
    (plugin_folder / "src").mkdir()
    (plugin_folder / "src" / "index.py").write_text("def handler(event, context):\n    return 1\n")
    (plugin_folder / "pyproject.toml").write_text("[project]\nname = 'x'\nversion = '1'\ndependencies = []\n")
