"""An IMAGE plugin from plugin.toml to an answered call: published to the local BioT, enabled, and run there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from builder.image.image_lock import write_image_lock
from builder.network.secret_text import SecretText
from builder.publishing.state_folder import LocalBiot, StateFolder, write_local_biot
from sandbox.functions.service import ServiceSettings
from tests.functional.publishing.conftest import CommandLine, CommandResult
from tests.support.images.base_images import made_base
from tests.support.plugins.locked_plugin import locked_plugin
from tests.support.plugins.stage_inputs import plugin
from tests.support.sandbox.pushed_bases import push_base
from tests.support.sandbox.pushed_images import RegistryClient, registry_client
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox
from tests.support.sandbox.settings_client import Settings, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLUGIN = "Plugin-sample"
MANIFEST = """\
[plugin]
name = "sample"
displayName = "Sample"
version = 1
runtime = "python3.13"
deploymentPackageType = "IMAGE"
enabledState = "DISABLED"

[plugin.subscriptions]
interceptionOrder = 5
interceptions = [{{ type = "PRE_REQUEST", apiId = "POST/organization/v1/users/patients/templates/patient" }}]

[build.image]
base = "{base}"
"""
CODE = """\
import json

import one.deep.er


def handler(event, context):
    # INTERCEPTOR_PRE
    body = json.loads(event["body"])
    body["request"]["body"]["_description"] = "{text} " + str(one.deep.er.A)
    return body
"""


class ImagePlugin:
    """A locked IMAGE plugin with two packages, a local BioT that runs plugins, and the command line between them."""

    def __init__(self, biot: Sandbox, folder: Path, commands: CommandLine) -> None:
        self.biot, self.folder, self.commands = biot, folder, commands
        self.base = push_base(biot)
        self.write("first")
        write_image_lock(plugin(folder), made_base(self.base).image)

    def write(self, text: str) -> None:
        """The plugin with other code."""
        (self.folder / "plugin.toml").write_text(MANIFEST.format(base=self.base))
        (self.folder / "src" / "index.py").write_text(CODE.format(text=text))

    def __call__(self, *arguments: str, code: int = 0) -> CommandResult:
        done = self.commands(*arguments)
        assert done.code == code, done
        return done

    def publish(self) -> str:
        """Publish it, and return the tag of its image."""
        done = self("publish", "-p", str(self.folder), "-e", "local", "--json")
        return str(done.document["treeDigest"]).removeprefix("image:")

    def description(self) -> str:
        """Create a patient, and return what the plugin wrote into it."""
        chain: dict[str, Any] = self("trigger", "patient", "_create", "--json").document["chain"]
        assert [(step["name"], step["response"]["status"]) for step in chain["steps"]] == [
            ("PRE_REQUEST", 200),
            ("API", 201),
        ]
        return str(chain["response"]["body"]["_description"])


@pytest.fixture
def image(
    tmp_path: Path, functions_cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[ImagePlugin]:
    made = locked_plugin(tmp_path)
    state = StateFolder(folder=tmp_path / "state")
    monkeypatch.setenv("BIOT_PLUGIN_STATE", str(state.folder))
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(made.store))
    functions = ServiceSettings(cache=functions_cache, any_python=True)
    with running_sandbox(tmp_path / "biot", functions=functions) as biot:
        user = biot.service_user
        local = LocalBiot(
            base_url=biot.base_url,
            service_user_id=user.id,
            service_user_secret_key=SecretText(user.secret_key),
        )
        write_local_biot(state, local)
        yield ImagePlugin(biot, made.folder, CommandLine(capsys))


@pytest.fixture
def registry(image: ImagePlugin) -> Iterator[RegistryClient]:
    client = registry_client(image.biot)
    with client.http:
        yield client


def test_a_published_image_is_called_once_it_is_enabled_and_rolled_back_to_its_earlier_tag(
    image: ImagePlugin, registry: RegistryClient
) -> None:
    first = image.publish()
    silent = image("trigger", "patient", "_create", "--json").document["chain"]
    assert [step["name"] for step in silent["steps"]] == ["API"]
    image("enable", "sample", "-e", "local")
    assert image.description() == "first 1"

    manifest = image.folder / "plugin.toml"
    image.write("second")
    manifest.write_text(manifest.read_text().replace("DISABLED", "ENABLED"))
    second = image.publish()
    assert image.description() == "second 1"

    rolled = image("rollback", "-p", str(image.folder), "-e", "local", "--json").document
    assert (rolled["verdict"], rolled["treeDigest"]) == ("done", f"image:{first}")
    assert image.description() == "first 1"
    assert set(registry.http.get(registry.path("tags/list")).json()["tags"]) == {first, second}


def test_a_tag_that_moves_changes_nothing_until_the_plugin_takes_it_again(
    image: ImagePlugin, registry: RegistryClient
) -> None:
    tags = []
    for text in ("second", "first"):
        image.write(text)
        tags.append(image.publish())
    image("enable", "sample", "-e", "local")
    assert image.description() == "first 1"
    moved = registry.http.get(registry.path(f"manifests/{tags[0]}"))
    kind = {"content-type": moved.headers["content-type"]}
    put = registry.http.put(registry.path(f"manifests/{tags[1]}"), content=moved.content, headers=kind)
    assert put.status_code == 201

    assert image.description() == "first 1"

    sent = {"version": 3, "imageTag": tags[1]}
    with settings_of(image.biot).http as http:
        assert Settings(http).patch(sent, name=PLUGIN).status_code == 200
    assert image.description() == "second 1"
