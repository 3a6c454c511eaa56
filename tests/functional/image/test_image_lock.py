"""``image.lock``: written as it is read, and refused with file, key and hint when a build could not use it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from builder.errors import DependencyError
from builder.image.image_lock import base_reference, read_image_lock, write_image_lock
from builder.image.lambda_images import BASE_IMAGES
from builder.manifest.model import Build, ImageBuild
from builder.oci import OCI_LAYER_ZSTD
from tests.support.images.base_images import REFERENCE, made_base
from tests.support.plugins.small_bundles import manifest_of

if TYPE_CHECKING:
    from pathlib import Path

    from builder.manifest.model import Manifest


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return manifest_of(folder=tmp_path)


def refusal(manifest: Manifest) -> tuple[DependencyError, dict[str, str]]:
    with pytest.raises(DependencyError) as caught:
        read_image_lock(manifest)
    problems = caught.value.problems
    assert all(problem.file == "image.lock" for problem in problems)
    assert caught.value.hint
    return caught.value, {problem.key: problem.message for problem in problems}


def test_the_lock_gives_back_the_same_base(manifest: Manifest) -> None:
    base = made_base().image
    file = write_image_lock(manifest, base)

    assert read_image_lock(manifest) == base
    assert file.read_bytes() == write_image_lock(manifest, base).read_bytes()
    document = json.loads(file.read_bytes())
    assert document["base"] == REFERENCE
    assert document["platform"] == "linux/amd64"
    assert document["manifestDigest"] == base.digest
    assert base.used.repository == "public.ecr.aws/lambda/python"


def test_the_base_is_aws_own_unless_the_manifest_names_one(manifest: Manifest) -> None:
    assert base_reference(manifest) == "public.ecr.aws/lambda/python:3.13"
    assert base_reference(manifest_of(runtime="nodejs22.x")) == "public.ecr.aws/lambda/nodejs:22"
    own = Build(image=ImageBuild(base="my.example:5000/team/base:7"))
    assert base_reference(manifest_of(own)) == "my.example:5000/team/base:7"
    assert all(name.startswith("public.ecr.aws/lambda/") for name in BASE_IMAGES.values())


def test_a_missing_lock_names_the_command(manifest: Manifest) -> None:
    error, _ = refusal(manifest)
    assert "image.lock is missing" in error.message
    assert "biot-plugin lock" in error.hint


def test_a_lock_for_another_base_is_refused(manifest: Manifest) -> None:
    write_image_lock(manifest, made_base().image)
    other = replace(manifest, build=Build(image=ImageBuild(base="my.example/base:1")))

    _, problems = refusal(other)
    assert problems == {"base": f"image.lock pins {REFERENCE}, but the plugin is built on my.example/base:1."}


@pytest.mark.parametrize(
    ("key", "reported"),
    [
        ("manifest", "manifestDigest"),
        ("config", "configDigest"),
        ("manifestDigest", "manifestDigest"),
        ("configDigest", "configDigest"),
    ],
)
def test_a_changed_lock_is_refused(manifest: Manifest, key: str, reported: str) -> None:
    file = write_image_lock(manifest, made_base().image)
    document = json.loads(file.read_bytes())
    value = document[key]
    document[key] = value.replace("amd64", "arm64") if key == "config" else value[:-9] + "1" * 8 + value[-1]
    assert document[key] != value
    file.write_text(json.dumps(document))

    _, problems = refusal(manifest)
    assert set(problems) == {reported}


def test_a_config_of_another_manifest_is_refused(manifest: Manifest) -> None:
    """Both have the digest that the lock names, but they do not belong together."""
    one, other = made_base().image, made_base(layers=3).image
    file = write_image_lock(manifest, one)
    document = json.loads(file.read_bytes())
    document |= {"config": other.config.decode(), "configDigest": other.manifest.config.digest}
    file.write_text(json.dumps(document))

    _, problems = refusal(manifest)
    assert problems == {"config": "The config does not have the digest that the manifest names."}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"schema": 2}', "[" * 100_000, '{"schema": 1}', "\ud800"])
def test_what_is_not_a_lock_is_refused(manifest: Manifest, text: str) -> None:
    (manifest.folder / "image.lock").write_bytes(text.encode("utf-8", "surrogatepass"))
    error, _ = refusal(manifest)
    assert error.exit_code == 5


@pytest.mark.parametrize(
    "key", ["base", "platform", "mediaType", "manifestDigest", "configDigest", "manifest", "config"]
)
def test_every_key_is_needed(manifest: Manifest, key: str) -> None:
    file = write_image_lock(manifest, made_base().image)
    document = json.loads(file.read_bytes())
    for value in (None, 7, ""):
        file.write_text(json.dumps(document | {key: value}))
        _, problems = refusal(manifest)
        assert problems == {key: f"{key} is missing or not a text."}


UNUSABLE: dict[str, tuple[dict[str, Any], str, str]] = {
    "other architecture": ({"top": {"architecture": "arm64"}}, "config.architecture", "is for linux/arm64"),
    "other system": ({"top": {"os": "windows"}}, "config.architecture", "is for windows/amd64"),
    "no entrypoint": ({"config": {"Entrypoint": None}}, "config.config.Entrypoint", "its entrypoint is nothing"),
    "shell entrypoint": ({"config": {"Entrypoint": ["/bin/sh"]}}, "config.config.Entrypoint", "is /bin/sh"),
    "no config": ({"top": {"config": None}}, "config.config.Entrypoint", "its entrypoint is nothing"),
    "zstd": ({"layer_type": OCI_LAYER_ZSTD}, "manifest.layers[0]", "compressed by zstd"),
    "foreign layers": ({"layer_type": "application/x-windows"}, "manifest.layers[0]", "application/x-windows"),
    "too many layers": ({"layers": 126}, "manifest.layers", "126 layers"),
    "missing diff ids": ({"top": {"rootfs": {"type": "layers", "diff_ids": []}}}, "config.rootfs.diff_ids", "not list"),
    "wrong diff ids": ({"top": {"rootfs": {"diff_ids": ["a", 1]}}}, "config.rootfs.diff_ids", "does not list"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_base_that_lambda_cannot_run_is_never_locked_nor_used(manifest: Manifest, name: str) -> None:
    made, key, message = UNUSABLE[name]
    base = made_base(**made).image
    with pytest.raises(DependencyError) as caught:
        write_image_lock(manifest, base)
    problems = {problem.key: problem.message for problem in caught.value.problems}
    assert message in problems[key]
    assert not (manifest.folder / "image.lock").exists()

    file = write_image_lock(manifest, made_base().image)
    document = json.loads(file.read_bytes()) | {
        "manifestDigest": base.digest,
        "configDigest": base.manifest.config.digest,
        "manifest": base.manifest.content.decode(),
        "config": base.config.decode(),
    }
    file.write_text(json.dumps(document))
    _, problems = refusal(manifest)
    assert message in problems[key]


@pytest.mark.parametrize("entrypoint", [["/usr/bin/python3", "-m", "awslambdaric"], ["npx", "aws-lambda-ric"]])
def test_an_own_base_with_a_runtime_interface_client_is_accepted(manifest: Manifest, entrypoint: list[str]) -> None:
    base = made_base(config={"Entrypoint": entrypoint}).image
    write_image_lock(manifest, base)
    assert read_image_lock(manifest) == base
