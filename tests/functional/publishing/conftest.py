"""A local BioT for this folder's tests, and the command line on it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from builder.cli.app import run
from builder.network.secret_text import SecretText
from builder.publishing.access.connection import open_client
from builder.publishing.api_values import TargetEnvironment
from builder.publishing.clock import SystemClock
from builder.publishing.state_folder import LocalBiot, StateFolder, write_local_biot
from tests.support.sandbox.running_sandbox import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builder.publishing.api.client import BiotClient
    from tests.support.sandbox.running_sandbox import Sandbox

MANIFEST = """[plugin]
name = "age-calculator"
displayName = "Age Calculator"
version = 1
runtime = "python3.12"
"""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.out)
        return document


class CommandLine:
    """``biot-plugin`` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> CommandResult:
        self._capsys.readouterr()
        code = run(arguments)
        captured = self._capsys.readouterr()
        return CommandResult(code, captured.out, captured.err)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def plugin_folder(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plugin's folder on a machine that knows the local BioT; the current folder."""
    for name in ("BIOT_TOKEN", "BIOT_USERNAME", "BIOT_PASSWORD", "BIOT_SERVICE_USER_ID"):
        monkeypatch.delenv(name, raising=False)
    state = StateFolder(folder=tmp_path / "state")
    monkeypatch.setenv("BIOT_PLUGIN_STATE", str(state.folder))
    user = sandbox.service_user
    write_local_biot(
        state,
        LocalBiot(
            base_url=sandbox.base_url, service_user_id=user.id, service_user_secret_key=SecretText(user.secret_key)
        ),
    )
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "plugin.toml").write_text(MANIFEST)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def biot_plugin(plugin_folder: Path, capsys: pytest.CaptureFixture[str]) -> CommandLine:  # noqa: ARG001 - for its effect
    return CommandLine(capsys)


@pytest.fixture
def client(sandbox: Sandbox, plugin_folder: Path) -> Iterator[BiotClient]:
    environ = {"BIOT_PLUGIN_STATE": str(plugin_folder.parent / "state")}
    target = TargetEnvironment(name="local", base_url=sandbox.base_url)
    with open_client(target, environ, None, SystemClock()) as opened:
        yield opened
        while plugins := opened.search({"limit": 100}).plugins:
            for plugin in plugins:
                opened.delete(plugin.name)
