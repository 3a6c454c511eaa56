"""``biot-plugin image login`` and ``image push`` on the local BioT."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from builder.image.layout_files import LayoutNotes, index_document
from builder.network.secret_text import SecretText
from builder.oci import encode_document
from builder.publishing.state_folder import LocalBiot, StateFolder, write_local_biot
from builder.registry import image_tag
from tests.functional.publishing.conftest import CommandLine
from tests.support.servers.image_registry import ImageRegistry
from tests.support.servers.pushed_images import SmallImage, small_image, store_image

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sandbox.pushed_images import RegistryClient
    from tests.support.sandbox.running_sandbox import Sandbox


@pytest.fixture
def biot_plugin(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    user, state = sandbox.service_user, StateFolder(folder=tmp_path / "state")
    secret = SecretText(user.secret_key)
    write_local_biot(
        state, LocalBiot(base_url=sandbox.base_url, service_user_id=user.id, service_user_secret_key=secret)
    )
    monkeypatch.setenv("BIOT_PLUGIN_STATE", str(state.folder))
    monkeypatch.chdir(tmp_path)
    return CommandLine(capsys)


def write_layout(folder: Path, image: SmallImage) -> Path:
    """An OCI layout with an image."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for digest, content in image.blobs.items():
        (blobs / digest.removeprefix("sha256:")).write_bytes(content)
    manifest = image.image.manifest
    (blobs / image.digest.removeprefix("sha256:")).write_bytes(manifest.content)
    entry = {"mediaType": manifest.media_type, "digest": image.digest, "size": len(manifest.content)}
    (folder / "index.json").write_bytes(encode_document({"schemaVersion": 2, "manifests": [entry]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder


def secrets_of(sandbox: Sandbox) -> set[str]:
    with sandbox.running.state.database.read() as connection:
        rows = connection.execute("SELECT secret_access_key, session_token FROM registry_credential").fetchall()
    return {text for row in rows for text in row} | {sandbox.service_user.secret_key}


def test_login_proves_the_log_in_and_prints_no_secret(biot_plugin: CommandLine, sandbox: Sandbox) -> None:
    done = biot_plugin("image", "login", "-e", "local")
    document = json.loads(biot_plugin("image", "login", "-e", "local", "--json").out)

    host = sandbox.base_url.removeprefix("http://")
    assert (done.code, done.err) == (0, "")
    assert [line.split()[0] for line in done.out.splitlines()] == ["registry", "repository", "expires"]
    assert (document["verdict"], document["registry"]) == ("done", host)
    assert secrets_of(sandbox)
    assert not any(secret in done.out + json.dumps(document) for secret in secrets_of(sandbox))


def test_a_layout_is_pushed_once_and_its_tag_printed(
    biot_plugin: CommandLine, sandbox: Sandbox, registry: RegistryClient, tmp_path: Path
) -> None:
    (tmp_path / "files").mkdir()
    image = small_image(tmp_path / "files", own=(5000, 80), seed=21)
    layout = write_layout(tmp_path / "plugin.oci", image)

    first = biot_plugin("image", "push", str(layout), "-e", "local")
    second = json.loads(biot_plugin("image", "push", str(layout), "-e", "local", "--json").out)

    tag = image_tag(image.digest)
    assert (first.code, first.out.splitlines()[-1]) == (0, f"imageTag: {tag}")
    assert (second["verdict"], second["imageTag"], second["sentBytes"]) == ("nothing-to-do", tag, 0)
    assert registry.http.get(registry.path(f"manifests/{tag}")).content == image.image.manifest.content
    assert not any(secret in first.out + first.err for secret in secrets_of(sandbox))


def test_layers_of_the_base_that_a_layout_lacks_come_from_its_registry(
    biot_plugin: CommandLine, registry: RegistryClient, tmp_path: Path
) -> None:
    (tmp_path / "files").mkdir()
    with ImageRegistry(log_in="anonymous") as other:
        image = small_image(tmp_path / "files", own=(700,), base=(9000, 60), seed=24)
        layout = write_layout(tmp_path / "plugin.oci", image)
        for digest in image.base:
            other.repository("lambda/python").blobs[digest] = image.blobs[digest]
            (layout / "blobs" / "sha256" / digest.removeprefix("sha256:")).unlink()
        base = f"{other.host}/lambda/python:3.13"
        notes = LayoutNotes(tag="x", base=base, base_digest=image.digest, base_layers=2)
        (layout / "index.json").write_bytes(index_document(image.image.manifest, notes))

        done = biot_plugin("image", "push", str(layout), "-e", "local")

    assert (done.code, done.out.splitlines()[-1]) == (0, f"imageTag: {image_tag(image.digest)}")
    for digest, content in image.blobs.items():
        assert registry.http.get(registry.path(f"blobs/{digest}")).content == content


def test_an_image_is_copied_from_another_registry(
    biot_plugin: CommandLine, registry: RegistryClient, tmp_path: Path
) -> None:
    (tmp_path / "files").mkdir()
    image = small_image(tmp_path / "files", own=(5000, 90), seed=22)
    with ImageRegistry(log_in="anonymous") as other:
        store_image(other.repository("acme/tools"), image, "3")
        done = biot_plugin("image", "push", f"{other.host}/acme/tools:3", "-e", "local")

    tag = image_tag(image.digest)
    assert (done.code, done.out.splitlines()[-1]) == (0, f"imageTag: {tag}")
    assert registry.http.get(registry.path(f"manifests/{tag}")).content == image.image.manifest.content


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("index.json", "is not an OCI image layout"),
        ("layer", "lacks the blob"),
        ("shorter", "bytes, not the"),
        ("manifest", "a manifest that was changed"),
    ],
)
def test_a_damaged_layout_is_an_error_before_anything_is_sent(
    biot_plugin: CommandLine, tmp_path: Path, damage: str, message: str
) -> None:
    (tmp_path / "files").mkdir()
    image = small_image(tmp_path / "files", own=(5000,), seed=23)
    layout = write_layout(tmp_path / "plugin.oci", image)
    layer = layout / "blobs" / "sha256" / image.own[0].removeprefix("sha256:")
    manifest = layout / "blobs" / "sha256" / image.digest.removeprefix("sha256:")
    match damage:
        case "index.json":
            (layout / "index.json").unlink()
        case "layer":
            layer.unlink()
        case "shorter":
            layer.write_bytes(b"")
        case _:
            manifest.write_bytes(manifest.read_bytes().replace(b'"size":5000', b'"size":5001'))

    done = biot_plugin("image", "push", str(layout), "-e", "local")

    assert done.code == 4
    assert message in done.err


def test_a_folder_that_does_not_exist_is_a_usage_error(biot_plugin: CommandLine) -> None:
    done = biot_plugin("image", "push", "./dist/none.oci", "-e", "local")

    assert done.code == 2
    assert "There is no folder ./dist/none.oci" in done.err
