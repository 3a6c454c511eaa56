"""Reading bases from a registry over a real socket."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from builder.errors import DependencyError
from builder.oci import OCI_INDEX, encode_document
from builder.progress import SilentProgress
from builder.registry import RegistryOptions, fetch_blob, pull_base
from tests.support.servers.image_registry import Fault, ImageRegistry, Reply, sha256
from tests.support.servers.pushed_images import SmallImage, small_image, store_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers.image_registry import Seen


@pytest.fixture
def source() -> Iterator[ImageRegistry]:
    with ImageRegistry() as running:
        yield running


def stored(source: ImageRegistry, folder: Path, *, seed: int = 3) -> SmallImage:
    image = small_image(folder, own=(150_000, 20), seed=seed)
    store_image(source.repository("lambda/python"), image, "3.13")
    return image


def test_the_manifest_and_the_config_of_a_single_image(
    source: ImageRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    image = stored(source, tmp_path)

    manifest, config = pull_base(f"{source.host}/lambda/python:3.13", progress=SilentProgress(), options=options)

    assert manifest.content == image.image.manifest.content
    assert config == image.blobs[manifest.config.digest]


def test_the_image_for_linux_amd64_of_an_index(source: ImageRegistry, options: RegistryOptions, tmp_path: Path) -> None:
    image, other = stored(source, tmp_path), stored(source, tmp_path, seed=4)
    index = add_index(source, [("arm64", other), ("amd64", image)])

    for pointer in (":all", f"@{index}"):
        manifest, _ = pull_base(f"{source.host}/lambda/python{pointer}", progress=SilentProgress(), options=options)
        assert sha256(manifest.content) == image.digest


def test_an_index_without_linux_amd64_is_an_error_that_names_what_there_is(
    source: ImageRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    add_index(source, [("arm64", stored(source, tmp_path))])

    with pytest.raises(DependencyError, match="only for linux/arm64"):
        pull_base(f"{source.host}/lambda/python:all", progress=SilentProgress(), options=options)


def test_an_image_that_does_not_exist_is_an_error(source: ImageRegistry, options: RegistryOptions) -> None:
    with pytest.raises(DependencyError, match="has no image lambda/python with none"):
        pull_base(f"{source.host}/lambda/python:none", progress=SilentProgress(), options=options)


def test_a_blob_is_written_whole(source: ImageRegistry, options: RegistryOptions, tmp_path: Path) -> None:
    image = stored(source, tmp_path)
    layer = image.image.manifest.layers[0]

    fetch_blob(f"{source.host}/lambda/python", layer, tmp_path / "blob", options=options)

    assert (tmp_path / "blob").read_bytes() == image.blobs[layer.digest]


def test_a_download_that_breaks_off_goes_on_where_it_ended(
    source: ImageRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    image = stored(source, tmp_path)
    layer = image.image.manifest.layers[0]
    once = iter([Fault(name="half", send=send_half)])
    source.interfere = lambda _: next(once, None)

    fetch_blob(f"{source.host}/lambda/python", layer, tmp_path / "blob", options=options)

    assert (tmp_path / "blob").read_bytes() == image.blobs[layer.digest]
    assert source.seen[-1].headers["range"].startswith("bytes=")


def test_a_blob_with_other_bytes_never_becomes_a_file(
    source: ImageRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    layer = stored(source, tmp_path).image.manifest.layers[0]
    wrong = replace_byte(source.repository("lambda/python").blobs[layer.digest])
    source.repository("lambda/python").blobs[layer.digest] = wrong

    with pytest.raises(DependencyError, match="do not have this digest"):
        fetch_blob(f"{source.host}/lambda/python", layer, tmp_path / "new" / "blob", options=options)

    assert list((tmp_path / "new").iterdir()) == []


def test_a_redirect_to_another_server_is_followed_without_credentials(
    source: ImageRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    image = stored(source, tmp_path)
    layer = image.image.manifest.layers[0]
    source.log_in = "bearer"
    source.tokens.add("anonymous")
    with ImageRegistry() as storage:
        storage.repository("x").blobs[layer.digest] = image.blobs[layer.digest]
        elsewhere = f"http://{storage.host}/v2/x/blobs/{layer.digest}"

        def answer(_: ImageRegistry, __: Seen) -> Reply:
            return Reply(status=307, headers={"location": elsewhere})

        source.interfere = lambda seen: Fault(name="redirect", answer=answer) if seen.kind == "GET blob" else None
        fetch_blob(f"{source.host}/lambda/python", layer, tmp_path / "blob", options=options)

        assert (tmp_path / "blob").read_bytes() == image.blobs[layer.digest]
        assert all("authorization" not in seen.headers for seen in storage.seen)


def send_half(connection: socket.socket, content: bytes) -> None:
    connection.sendall(content[:100_000])
    connection.shutdown(socket.SHUT_RDWR)


def add_index(source: ImageRegistry, images: list[tuple[str, SmallImage]]) -> str:
    entries = [
        {
            "mediaType": image.image.manifest.media_type,
            "digest": image.digest,
            "size": len(image.image.manifest.content),
            "platform": {"os": "linux", "architecture": architecture},
        }
        for architecture, image in images
    ]
    content = encode_document({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries})
    repository = source.repository("lambda/python")
    repository.manifests[sha256(content)] = (OCI_INDEX, content)
    repository.tags["all"] = sha256(content)
    return sha256(content)


def replace_byte(content: bytes) -> bytes:
    return content[:100] + bytes([content[100] ^ 1]) + content[101:]
