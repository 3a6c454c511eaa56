"""Pushing images to a registry over a real socket."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from builder.network.secret_text import SecretText
from builder.network.verdict import Verdict
from builder.progress import SilentProgress
from builder.registry import BlobOrigin, ImageReference, RegistryCredentials, RegistryOptions, image_tag, push_image
from builder.registry.registry_failures import (
    DamagedBlobError,
    ImageTagConflictError,
    RegistryAccessDeniedError,
    RegistryUnreachableError,
)
from tests.functional.registry.conftest import right_credentials
from tests.support.servers.image_registry import ImageRegistry
from tests.support.servers.pushed_images import SmallImage, small_image, store_image

if TYPE_CHECKING:
    from pathlib import Path

    from builder.registry import PushedImage


def push(image: SmallImage, target: ImageReference, options: RegistryOptions) -> PushedImage:
    return push_image(image.image, target, credentials=right_credentials, progress=SilentProgress(), options=options)


def test_an_image_is_pushed_whole_and_its_tag_returns_its_digest(
    registry: ImageRegistry, target: ImageReference, options: RegistryOptions, tmp_path: Path
) -> None:
    image = small_image(tmp_path, own=(300_000, 64 * 1024, 10, 64 * 1024 + 1))

    pushed = push(image, target, options)

    stored = registry.repository("plugins/acme")
    tag = image_tag(image.digest)
    assert (pushed.verdict, pushed.reference.tag, pushed.reference.digest) == (Verdict.DONE, tag, image.digest)
    assert stored.blobs == image.blobs
    assert stored.tags == {tag: image.digest}
    assert stored.manifests[image.digest][1] == image.image.manifest.content
    assert pushed.sent_bytes == sum(map(len, image.blobs.values()))
    assert set(pushed.blobs.values()) == {BlobOrigin.SENT}
    kinds = Counter(seen.kind for seen in registry.seen)
    assert kinds["PATCH upload"] == 5  # four for the largest layer, and one
    assert kinds["PUT manifest"] == kinds["PUT tag"] == 1


def test_pushing_twice_sends_nothing(
    registry: ImageRegistry, target: ImageReference, options: RegistryOptions, tmp_path: Path
) -> None:
    image = small_image(tmp_path, own=(1000,))
    push(image, target, options)
    registry.seen.clear()

    again = push(image, target, options)

    assert (again.verdict, again.sent_bytes, again.blobs) == (Verdict.NOTHING_TO_DO, 0, {})
    assert [seen.kind for seen in registry.seen] == ["GET tag", "GET tag"]  # the first is answered with 401


def test_blobs_that_the_registry_has_are_not_sent_again(
    registry: ImageRegistry, target: ImageReference, options: RegistryOptions, tmp_path: Path
) -> None:
    push(small_image(tmp_path, own=(100_000, 50_000)), target, options)
    changed = small_image(tmp_path, own=(100_000, 50_000, 60))

    pushed = push(changed, target, options)

    assert sorted(pushed.blobs.values()) == ["present", "present", "present", "sent"]
    assert pushed.sent_bytes == 60
    assert registry.sent_again() == []


def test_layers_of_the_base_are_mounted_from_another_repository_of_the_registry(
    registry: ImageRegistry, target: ImageReference, options: RegistryOptions, tmp_path: Path
) -> None:
    name = f"{registry.host}/lambda/python"
    image = small_image(tmp_path, own=(500,), base=(200_000, 3000), base_name=name)
    registry.repository("lambda/python").blobs.update({digest: image.blobs[digest] for digest in image.base})

    pushed = push(image, target, options)

    assert registry.repository("plugins/acme").blobs == image.blobs
    assert {digest for digest, origin in pushed.blobs.items() if origin is BlobOrigin.MOUNTED} == set(image.base)


@pytest.mark.parametrize("same_registry", [True, False])
def test_layers_of_the_base_are_streamed_from_the_source_when_they_cannot_be_mounted(
    registry: ImageRegistry, target: ImageReference, options: RegistryOptions, tmp_path: Path, *, same_registry: bool
) -> None:
    registry.mounts = False
    with ImageRegistry() as other:
        source = registry if same_registry else other
        image = small_image(tmp_path, own=(500,), base=(200_000, 3000), base_name=f"{source.host}/lambda/python")
        source.repository("lambda/python").blobs.update({digest: image.blobs[digest] for digest in image.base})

        pushed = push(image, target, options)

    assert registry.repository("plugins/acme").blobs == image.blobs
    assert set(pushed.blobs.values()) == {BlobOrigin.SENT}
    assert {file.name for file in tmp_path.iterdir()} == {digest[7:] for digest in image.own}


def test_a_tag_that_points_to_another_image_is_a_conflict_and_stays(
    registry: ImageRegistry, target: ImageReference, options: RegistryOptions, tmp_path: Path
) -> None:
    theirs, ours = small_image(tmp_path, own=(10,), seed=1), small_image(tmp_path, own=(10,), seed=2)
    store_image(registry.repository("plugins/acme"), theirs, "v1")

    with pytest.raises(ImageTagConflictError, match="v1 points to another image"):
        push(ours, replace(target, tag="v1"), options)

    assert registry.repository("plugins/acme").tags == {"v1": theirs.digest}
    assert {seen.method for seen in registry.seen} == {"GET"}


def test_a_layer_that_changed_on_the_disk_never_becomes_a_whole_blob(
    registry: ImageRegistry, target: ImageReference, options: RegistryOptions, tmp_path: Path
) -> None:
    image = small_image(tmp_path, own=(150_000,))
    layer = image.image.manifest.layers[0]
    content = bytearray(image.blobs[layer.digest])
    content[70_000] ^= 1
    image.image.files[layer.digest].write_bytes(content)

    with pytest.raises(DamagedBlobError, match=r"not those that its digest names"):
        push(image, target, options)

    assert layer.digest not in registry.repository("plugins/acme").blobs
    assert registry.repository("plugins/acme").tags == {}
    assert all(len(upload.content) < layer.size for upload in (*registry.ended, *registry.uploads.values()))


def test_wrong_credentials_are_an_error_that_does_not_show_them(
    target: ImageReference, options: RegistryOptions, tmp_path: Path
) -> None:
    wrong = RegistryCredentials(username="AWS", password=SecretText("planted-pass-9b1d"))

    with pytest.raises(RegistryAccessDeniedError, match="denied access") as raised:
        push_image(
            small_image(tmp_path, own=(10,)).image,
            target,
            credentials=lambda: wrong,
            progress=SilentProgress(),
            options=options,
        )

    assert "planted-pass-9b1d" not in repr(raised.value)


def test_a_registry_that_is_not_running_is_an_error_at_once(options: RegistryOptions, tmp_path: Path) -> None:
    with ImageRegistry() as gone:
        target = ImageReference(registry=gone.host, repository="a")

    with pytest.raises(RegistryUnreachableError, match="connection was refused"):
        push(small_image(tmp_path, own=(10,)), target, options)
