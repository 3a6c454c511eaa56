"""A small plugin, a local BioT, and the command line between them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from builder.cli.app import run
from builder.image.layout_files import stored_image
from builder.network.secret_text import SecretText
from builder.oci import content_digest
from builder.publishing.state_folder import LocalBiot, StateFolder, write_local_biot
from builder.registry import image_tag
from tests.support.sandbox.pushed_bases import push_base
from tests.support.sandbox.pushed_images import registry_client
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCAL = ("-e", "local")
MANIFEST = """\
[plugin]
name = "age-calculator"
displayName = "Age Calculator"
version = 1
runtime = "python3.13"
memorySize = {memory}
environmentVariables = {{ LOG_LEVEL = "{level}" }}

[plugin.subscriptions]
interceptionOrder = 10
interceptions = [{{ type = "PRE_REQUEST", apiId = "POST/organization/v1/users/patients", order = 20 }}]
notifications = [{{ entityTypeName = "device", actionName = "_create" }}]
"""

CODE = """\
# INTERCEPTOR_PRE and NOTIFICATION get the same answer.
def handler(event, context):
    return {answer}
"""


@dataclass(frozen=True)
class CommandResult:
    """A finished command line; ``document`` is its JSON, where it was asked for."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.out)
        return document


@dataclass
class PublisherMachine:
    """A publisher's machine: the plugin, the state folder, and the command line."""

    plugin: Path
    state: StateFolder
    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> CommandResult:
        self.capture.readouterr()
        code = run([*arguments, "-p", str(self.plugin)])
        captured = self.capture.readouterr()
        return CommandResult(code=code, out=captured.out, err=captured.err)

    def write(self, *, answer: int = 1, memory: int = 256, level: str = "hush-INFO", more: str = "") -> None:
        """The plugin, with other code or settings."""
        (self.plugin / "src" / "index.py").write_text(CODE.format(answer=answer))
        (self.plugin / "plugin.toml").write_text(MANIFEST.format(memory=memory, level=level) + more)


class ImagePlugin:
    """The plugin of a publisher as an IMAGE plugin, on a base image in the local registry."""

    def __init__(self, machine: PublisherMachine, biot: Sandbox) -> None:
        self.machine, self.biot = machine, biot
        self.base = push_base(biot)
        self.write()
        assert machine("lock").code == 0

    def write(self, *, answer: int = 1, memory: int = 256) -> None:
        """The plugin, with other code or settings."""
        self.machine.write(answer=answer)
        image = MANIFEST.replace("version = 1", 'version = 1\ndeploymentPackageType = "IMAGE"')
        text = image.format(memory=memory, level="x") + f'\n[build.image]\nbase = "{self.base}"\n'
        (self.machine.plugin / "plugin.toml").write_text(text)

    def publish(self, *arguments: str) -> dict[str, Any]:
        """``publish -e local --json``."""
        done = self.machine("publish", *LOCAL, "--json", *arguments)
        assert done.code == 0, done.out
        return done.document

    def built_tag(self) -> str:
        """The tag of the image in dist."""
        image = stored_image(self.machine.plugin / "dist" / "age-calculator-1.oci")
        return image_tag(content_digest(image.manifest.content))

    def stored(self) -> dict[str, Any]:
        """The plugin as BioT has it."""
        path = "/settings/v2/plugins/Plugin-age-calculator"
        document: dict[str, Any] = self.biot.call("GET", path, token=self.biot.token()).body
        return document

    def tags(self) -> set[str]:
        """The tags in the repository of plugins."""
        client = registry_client(self.biot)
        with client.http:
            return set(client.http.get(client.path("tags/list")).json()["tags"])

    def log_ins(self) -> int:
        """How often somebody asked for temporary credentials."""
        with self.biot.running.state.database.read() as connection:
            return int(connection.execute("SELECT count(*) FROM registry_credential").fetchone()[0])


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> PublisherMachine:
    plugin = tmp_path / "plugin"
    (plugin / "src").mkdir(parents=True)
    (plugin / "pyproject.toml").write_text("[project]\nname = 'x'\nversion = '1'\ndependencies = []\n")
    monkeypatch.setenv("BIOT_PLUGIN_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(tmp_path / "store"))
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "BITBUCKET_BUILD_NUMBER", "JENKINS_URL"):
        monkeypatch.delenv(name, raising=False)
    machine = PublisherMachine(plugin=plugin, state=StateFolder(folder=tmp_path / "state"), capture=capsys)
    machine.write()
    return machine


@pytest.fixture
def biot(tmp_path: Path, machine: PublisherMachine) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path / "sandbox") as running:
        user = running.service_user
        name_local_biot(machine.state, running.base_url, user.id, user.secret_key)
        yield running


def name_local_biot(state: StateFolder, base_url: str, user: str = "u", key: str = "s") -> None:
    """Make an address the environment ``local``."""
    write_local_biot(state, LocalBiot(base_url=base_url, service_user_id=user, service_user_secret_key=SecretText(key)))


@pytest.fixture
def image(machine: PublisherMachine, biot: Sandbox) -> ImagePlugin:
    return ImagePlugin(machine, biot)
