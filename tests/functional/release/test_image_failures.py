"""An IMAGE plugin whose push fails: a sentence that says what, where and what next, and nothing half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from sandbox.faults import FAULT_KINDS, FaultRule, Scenario
from sandbox.registry.blob_files import BlobFiles
from tests.functional.release.conftest import LOCAL, ImagePlugin, name_local_biot
from tests.support.sandbox.pushed_images import digest_of, registry_client, small_image
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.functional.release.conftest import PublisherMachine

REGISTRY = "/v2/*"
UPLOADS = "/v2/*/blobs/uploads/*"
CREDENTIALS = "/settings/v2/plugins/docker-repository/*"


@pytest.fixture
def biot(tmp_path: Path, machine: PublisherMachine) -> Iterator[Sandbox]:
    """A local BioT with a gate of faults."""
    with running_sandbox(tmp_path / "sandbox", faults=Scenario()) as running:
        user = running.service_user
        name_local_biot(machine.state, running.base_url, user.id, user.secret_key)
        yield running


@pytest.fixture
def changed(image: ImagePlugin) -> ImagePlugin:
    """A plugin that was published, and then changed."""
    image.publish()
    image.write(answer=2)
    return image


def play(image: ImagePlugin, kind: str, path: str, **choices: int | str) -> None:
    """Let requests meet a fault; all of them unless ``times`` says otherwise."""
    gate = image.biot.running.gate
    assert gate is not None
    chosen = {"times": 0, **choices}
    rule = FaultRule(kind=FAULT_KINDS[kind], path=path, **chosen)  # type: ignore[arg-type] # a number or a text each
    gate.play(Scenario(rules=(rule,)))


def stop_faults(image: ImagePlugin) -> None:
    assert image.biot.running.gate is not None
    image.biot.running.gate.play(Scenario())


@pytest.mark.parametrize(
    ("kind", "path", "message", "hint"),
    [
        ("forbidden", REGISTRY, "denied access: HTTP 403", "`biot-plugin image login` tests BioT's log-in"),
        ("not-found-page", UPLOADS, "an HTML page: a proxy or portal answered", "again later"),
        ("forbidden", CREDENTIALS, "SETTINGS_PLUGIN_GET_DOCKER_REPOSITORY_TEMP_CREDENTIALS", "Nothing was changed"),
    ],
)
def test_a_failed_push_says_where_and_that_the_plugin_is_as_before_and_the_next_publish_goes_on(
    changed: ImagePlugin, kind: str, path: str, message: str, hint: str
) -> None:
    play(changed, kind, path)
    failed = changed.machine("publish", *LOCAL, "--json")
    stop_faults(changed)

    assert (failed.code, failed.document["verdict"]) == (8, "not-applied"), failed
    assert message in failed.document["message"]
    assert hint in failed.document["hint"]
    if path != CREDENTIALS:
        repository = f"{changed.biot.base_url.removeprefix('http://')}/local-biot/plugins"
        assert f"The image was not pushed to {repository}" in failed.document["message"]
        assert failed.document["message"].endswith("BioT has age-calculator as before.")
    assert changed.stored()["version"] == 1
    assert len(changed.tags()) == 1
    assert changed.publish()["version"] == 2


def test_a_log_in_that_expires_in_the_middle_is_renewed_with_new_credentials_of_biot(changed: ImagePlugin) -> None:
    before = changed.log_ins()
    play(changed, "token-expired", UPLOADS, times=1, request=2)

    assert changed.publish()["version"] == 2
    assert changed.log_ins() > before + 1


def test_a_tag_that_somebody_moved_stays_and_the_hint_says_what_to_do(changed: ImagePlugin) -> None:
    assert changed.machine("package").code == 0
    tag = changed.built_tag()
    client = registry_client(changed.biot)
    with client.http:
        client.push(small_image("somebody else's"), tag)
    failed = changed.machine("publish", *LOCAL)

    assert failed.code == 8
    assert f"local-biot/plugins:{tag} points to another image" in failed.err
    assert "so somebody moved this one. Delete it in the repository; or publish a changed plugin" in failed.err
    assert changed.stored()["version"] == 1


@pytest.mark.parametrize("command", ["rollback", "publish"])
def test_a_tag_that_is_gone_leads_to_the_commit_of_its_image(changed: ImagePlugin, command: str) -> None:
    (first,) = changed.tags()
    changed.publish()
    client = registry_client(changed.biot)
    with client.http:
        digest = digest_of(client.http.get(client.path(f"manifests/{first}")).content)
        assert client.http.delete(client.path(f"manifests/{digest}")).status_code == 202
    arguments = () if command == "rollback" else ("--image-tag", first)
    failed = changed.machine(command, *LOCAL, *arguments)

    assert failed.code == 8
    assert "PLUGIN_IMAGE_TAG_NOT_FOUND: No image with this tag was pushed, trace" in failed.err
    assert "`biot-plugin history` shows the commits" in failed.err
    assert changed.stored()["version"] == 2


def test_the_name_of_an_image_folder_that_does_not_exist_is_not_looked_up_on_docker_hub(image: ImagePlugin) -> None:
    failed = image.machine("image", "push", "dist/none.oci", *LOCAL)

    assert failed.code == 2
    assert "There is no folder dist/none.oci" in failed.err


def test_an_outdated_image_lock_stops_the_publish_before_anything_is_sent(image: ImagePlugin) -> None:
    manifest, before = image.machine.plugin / "plugin.toml", image.log_ins()
    manifest.write_text(manifest.read_text().replace("lambda/python:3.13", "lambda/python:3.12"))
    failed = image.machine("publish", *LOCAL)

    assert failed.code == 5
    assert "the plugin is built on" in failed.err
    assert "Run `biot-plugin lock`" in failed.err
    assert (image.tags(), image.log_ins()) == (set(), before + 1)  # the log-in is this test's


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_push_leaves_the_plugin_and_goes_on_where_it_was(
    changed: ImagePlugin, number: signal.Signals
) -> None:
    source = changed.machine.plugin / "src" / "data.bin"
    source.write_bytes(os.urandom(400_000))
    blobs = BlobFiles.beside(changed.biot.running.state.database).folder / "blobs" / "sha256"
    before = len(list(blobs.iterdir()))
    play(changed, "hang-before-apply", UPLOADS, method="PUT", seconds=60, request=2)
    argv = [sys.executable, "-m", "builder", "publish", *LOCAL, "-p", str(changed.machine.plugin)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        gate = changed.biot.running.gate
        assert gate is not None
        end = time.monotonic() + 60
        while not (gate.faulted_requests and len(list(blobs.iterdir())) > before) and time.monotonic() < end:
            time.sleep(0.02)  # two uploads at once: the first is stored, and the second hangs
        process.send_signal(number)
        output, _ = process.communicate(timeout=20)
    stop_faults(changed)

    if number == signal.SIGINT:
        assert process.returncode == 130, output
        assert output.strip() == "Interrupted: nothing was left half-done."
    assert changed.stored()["version"] == 1
    again = changed.machine("publish", *LOCAL)
    assert again.code == 0
    assert "1 of 4 blobs were missing" in again.out + again.err, again
    assert changed.stored()["version"] == 2
