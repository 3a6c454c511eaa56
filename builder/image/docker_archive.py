"""One file with a complete image, for ``docker load``, ``podman load`` and ``skopeo``: its layout, and Docker's list.

The file has every layer, the base's too. It is the tar of an OCI layout with ``manifest.json`` besides (Docker's
"image tarball", moby ``image/spec``): Docker engines before 25 read only this list. The same image gives the same
bytes.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, Protocol

from msgspec.structs import replace

from builder.archive.atomic_files import atomic_file
from builder.errors import PackagingError, VerificationError
from builder.image.base_image import config_document, diff_ids
from builder.image.layout_files import (
    BLOBS,
    INDEX_FILE,
    VERSION_DOCUMENT,
    VERSION_FILE,
    artifact_stem,
    blob_path,
    index_document,
    read_notes,
    stored_image,
)
from builder.image.tar_records import END, file_records, folder_records, padding
from builder.oci import Descriptor, ImageManifest, StoredLayer, content_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from io import FileIO
    from pathlib import Path

    from builder.image.layer_writer import LayerStorage
    from builder.image.layout_files import LayoutNotes

SUFFIX: Final = ".docker.tar"
_CHUNK: Final = 1 << 20
_MODE: Final = 0o644


class BaseLayerFetcher(Protocol):
    """A registry that the base image comes from."""

    def __call__(self, reference: str, blob: Descriptor, target: Path) -> None:
        """Write a blob of an image's repository into a file, and check its digest."""


def archive_path(layout: Path) -> Path:
    """``dist/a-1.docker.tar`` beside ``dist/a-1.oci``."""
    return layout.with_name(f"{artifact_stem(layout)}{SUFFIX}")


def image_name(layout: Path) -> str:
    """The name and tag that an engine shows: ``my-plugin:1``, in the letters that names of images may have."""
    name, _, version = artifact_stem(layout).rpartition("-")
    return f"{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-') or 'plugin'}:{version}"


def write_docker_archive(layout: Path, storage: LayerStorage, fetch: BaseLayerFetcher) -> Path:
    """Write the archive of an image beside its layout.

    Args:
        layout: The image.
        storage: Has the base's layers that were fetched before, and receives the others.
        fetch: Gets a layer of the base from its registry.

    Returns:
        The archive.

    Raises:
        DependencyError: A layer of the base image is unavailable.
        VerificationError: The layout is damaged.
        PackagingError: The archive cannot be written.
    """
    try:
        image, notes = stored_image(layout), read_notes((layout / INDEX_FILE).read_bytes())
        config = blob_path(layout, image.manifest.config.digest).read_bytes()
    except (OSError, ValueError) as error:
        msg = f"{layout.name} is damaged: {error}."
        raise VerificationError(msg, hint="Run `biot-plugin package` again.") from error
    ids = diff_ids(config_document(config))
    files: dict[str, Path | bytes] = {
        blob.digest: image.files[blob.digest]
        for blob in (image.manifest.config, *image.manifest.layers[notes.base_layers :])
    }
    for blob, diff_id in zip(image.manifest.layers[: notes.base_layers], ids, strict=False):
        files[blob.digest] = _base_layer(blob, diff_id, notes, storage, fetch).file
    files[content_digest(image.manifest.content)] = image.manifest.content
    target = archive_path(layout)
    with atomic_file(target) as stream:
        _write(stream, layout, image.manifest, notes, files)
    return target


def _base_layer(
    blob: Descriptor, diff_id: str, notes: LayoutNotes, storage: LayerStorage, fetch: BaseLayerFetcher
) -> StoredLayer:
    """A layer of the base, from the storage or else from its registry."""
    key = blob.digest.removeprefix("sha256:")
    if (found := storage.find_layer(key)) is not None:
        return found
    with storage.work_folder() as folder:
        file = folder / "base.gz"
        fetch(notes.base, blob, file)
        layer = StoredLayer(file=file, descriptor=blob, diff_id=diff_id)
        return storage.add_layer(key, layer, f"{notes.base} (base image)")


def _write(
    stream: FileIO, layout: Path, manifest: ImageManifest, notes: LayoutNotes, blobs: Mapping[str, Path | bytes]
) -> None:
    paths = {digest: f"{BLOBS}/{digest.removeprefix('sha256:')}" for digest in blobs}
    listed = {
        "Config": paths[manifest.config.digest],
        "Layers": [paths[layer.digest] for layer in manifest.layers],
        "RepoTags": [image_name(layout)],
    }
    documents = {
        INDEX_FILE: index_document(manifest, replace(notes, base_layers=0)),
        "manifest.json": json.dumps([listed], sort_keys=True).encode(),
        VERSION_FILE: VERSION_DOCUMENT,
    }
    files = {**{paths[digest]: blob for digest, blob in blobs.items()}, **documents}
    write = _writer(stream)
    for folder in ("blobs", BLOBS):
        write(folder_records(folder))
    for path in sorted(files):
        _write_file(write, path, files[path])
    write(END)


def _write_file(write: Callable[[bytes], None], path: str, content: Path | bytes) -> None:
    if isinstance(content, bytes):
        write(file_records(path, _MODE, len(content)) + content + padding(len(content)))
        return
    size = content.stat().st_size
    write(file_records(path, _MODE, size))
    left = size
    with content.open("rb") as source:
        while left and (chunk := source.read(min(left, _CHUNK))):
            write(chunk)
            left -= len(chunk)
    if left:
        msg = f"{content} became shorter while it was copied."
        raise PackagingError(msg, hint="Run the command again.")
    write(padding(size))


def _writer(stream: FileIO) -> Callable[[bytes], None]:
    def write(data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[stream.write(rest) :]

    return write
