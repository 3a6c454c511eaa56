"""Images of plugins on the local BioT: checked when a plugin takes one, and deleted with its last plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builder.oci import OCI_INDEX, OCI_LAYER_ZSTD, OCI_MANIFEST, encode_document
from tests.support.sandbox.pushed_images import push_tags, registry_client, small_image
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox
from tests.support.sandbox.settings_client import CODE, PLUGINS, Settings, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

IMAGE = {"name": "age", "displayName": "Age", "version": 1, "deploymentPackageType": "IMAGE"}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A new one for each test: they count blobs."""
    with running_sandbox(tmp_path) as running:
        yield running


@pytest.fixture
def settings(sandbox: Sandbox) -> Iterator[Settings]:
    client = settings_of(sandbox)
    with client.http:
        yield client


def refused(response: httpx.Response) -> tuple[int, str, dict[str, object]]:
    body = response.json()
    return response.status_code, body["code"], body["details"]


def kept_blobs(sandbox: Sandbox) -> int:
    """The number of files of blobs."""
    return len(list(sandbox.running.state.database.file.with_name("biot.sqlite.images").glob("blobs/sha256/*")))


def digest_of_plugin(sandbox: Sandbox, name: str) -> str:
    """The image that the local BioT runs for a plugin."""
    query = "SELECT image_digest FROM plugins WHERE full_name = ?"
    with sandbox.running.state.database.read() as connection:
        return str(connection.execute(query, (name,)).fetchone()[0])


def test_an_image_plugin_needs_a_pushed_tag_and_takes_no_code(settings: Settings, sandbox: Sandbox) -> None:
    image = {**IMAGE, "imageTag": "1.4.0"}

    assert refused(settings.create(image, None)) == (404, "PLUGIN_IMAGE_TAG_NOT_FOUND", {})
    push_tags(sandbox, "1.4.0")
    code = "PLUGIN_CODE_IS_NOT_SUPPORTED_FOR_IMAGE_DEPLOYMENT_PACKAGE_TYPE"
    assert refused(settings.create(image)) == (400, code, {})
    made = settings.create(image, None)
    assert made.status_code == 201
    created = made.json()
    assert (created["runtime"], created["handler"], created.get("imageTag")) == (None, None, None)
    larger = "PLUGIN_VERSION_MUST_BE_LARGER_WHEN_UPDATING_CODE"
    assert refused(settings.patch({"imageTag": "1.4.0"}))[1] == larger  # the server does not compare tags
    assert settings.patch({"imageTag": "1.4.0", "version": 2}).json()["version"] == 2
    assert refused(settings.patch({"version": 3}, CODE)) == (400, code, {})
    assert refused(settings.put({**image, "deploymentPackageType": "ZIP"}))[:2] == (
        400,
        "PLUGIN_REQUEST_VALIDATION_FAILED",
    )
    settings.http.delete(f"{PLUGINS}/age")
    assert refused(settings.create(image, None))[1] == "PLUGIN_IMAGE_TAG_NOT_FOUND"  # BioT deletes it with the last
    assert kept_blobs(sandbox) == 0


def test_an_image_stays_while_another_plugin_uses_it(settings: Settings, sandbox: Sandbox) -> None:
    push_tags(sandbox, "shared", "other")
    for name, tag in (("age", "shared"), ("young", "shared"), ("old", "other")):
        assert settings.create({**IMAGE, "name": name, "imageTag": tag}, None).status_code == 201
    assert kept_blobs(sandbox) == 4
    settings.http.delete(f"{PLUGINS}/age")
    assert kept_blobs(sandbox) == 4
    settings.http.delete(f"{PLUGINS}/young")
    assert kept_blobs(sandbox) == 2
    assert settings.get("Plugin-old").json()["version"] == 1


def test_a_plugin_keeps_the_image_that_its_tag_had_and_its_end_leaves_what_the_tag_has_now(
    settings: Settings, sandbox: Sandbox
) -> None:
    client = registry_client(sandbox)
    one, two = small_image("one"), small_image("two")
    with client.http:
        client.push(one, "v")
        assert settings.create({**IMAGE, "imageTag": "v"}, None).status_code == 201
        client.push(two, "v")
        assert digest_of_plugin(sandbox, "Plugin-age") == one.digest
        assert settings.patch({"displayName": "Other"}).status_code == 200
        assert digest_of_plugin(sandbox, "Plugin-age") == one.digest

        settings.http.delete(f"{PLUGINS}/age")
        assert client.http.get(client.path(f"manifests/{one.digest}")).status_code == 404
        assert client.http.get(client.path("manifests/v")).content == two.manifest.content
    assert kept_blobs(sandbox) == 2


def test_an_image_with_two_tags_stays_while_a_plugin_has_it_under_the_other(
    settings: Settings, sandbox: Sandbox
) -> None:
    client = registry_client(sandbox)
    with client.http:
        for tag in ("one", "two"):
            client.push(small_image("same"), tag)
        for name, tag in (("age", "one"), ("young", "two")):
            assert settings.create({**IMAGE, "name": name, "imageTag": tag}, None).status_code == 201
        settings.http.delete(f"{PLUGINS}/age")
        assert client.http.get(client.path("tags/list")).json()["tags"] == ["one", "two"]
        settings.http.delete(f"{PLUGINS}/young")
        assert client.http.get(client.path("tags/list")).json()["tags"] == []
    assert kept_blobs(sandbox) == 0


def test_a_plugin_whose_image_was_deleted_in_the_registry_can_be_deleted(settings: Settings, sandbox: Sandbox) -> None:
    push_tags(sandbox, "gone")
    assert settings.create({**IMAGE, "imageTag": "gone"}, None).status_code == 201
    client = registry_client(sandbox)
    with client.http:
        digest = digest_of_plugin(sandbox, "Plugin-age")
        assert client.http.delete(client.path(f"manifests/{digest}")).status_code == 202
    assert settings.http.delete(f"{PLUGINS}/age").status_code == 204


def test_lambda_takes_an_image_with_gzip_layers_and_no_index(settings: Settings, sandbox: Sandbox) -> None:
    client = registry_client(sandbox)
    with client.http:
        client.push(small_image("zstd", OCI_LAYER_ZSTD), "zstd")
        child = small_image("attested")
        client.push(child, "child")
        entry = {"mediaType": OCI_MANIFEST, "digest": child.digest, "size": len(child.manifest.content)}
        index = encode_document({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]})
        path, kind = client.path("manifests/attested"), {"content-type": OCI_INDEX}
        assert client.http.put(path, content=index, headers=kind).status_code == 201
    for tag in ("zstd", "attested"):
        answer = refused(settings.create({**IMAGE, "imageTag": tag}, None))
        assert answer == (500, "AWS_EXCEPTION", {"className": "InvalidParameterValueException"})
