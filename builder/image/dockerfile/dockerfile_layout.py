"""Write a built and normalised image as an OCI layout, completely or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.archive.package_sizes import PackageRow
from builder.build_values import Artifact
from builder.errors import PackagingError
from builder.image.image_writer import link_blob, new_layout_folder
from builder.image.lambda_images import IMAGE_MAX
from builder.image.layout_files import (
    BLOBS,
    INDEX_FILE,
    VERSION_DOCUMENT,
    VERSION_FILE,
    LayoutNotes,
    blob_path,
    index_document,
    layout_size,
)
from builder.image.tar_records import RATIO_MAX, unpacked_limit
from builder.oci import OCI_CONFIG, Descriptor, content_digest, write_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from builder.image.dockerfile.dockerfile_image import DockerfileImage

_SIZE_FIELD = 4
_LABEL = "the image"


def image_rows(artifact: Artifact) -> tuple[PackageRow, ...]:
    """The report's table by package: one row, because the engine does not say which packages it installed."""
    return (PackageRow(name=_LABEL, version="", files=0, size=artifact.unpacked_size, packed_size=artifact.size),)


def write_dockerfile_layout(image: DockerfileImage, tag: str, target: Path) -> Artifact:
    """Write the layout with all layers, also those of the base image: the engine does not say which those are.

    Args:
        image: The image.
        tag: The plugin's version.
        target: The folder; it is replaced when everything is written, and unchanged otherwise.

    Returns:
        The layout. Its tree digest is that of the config, which names the content of every layer.

    Raises:
        PackagingError: The target cannot be written, or the image is larger than Lambda allows.
    """
    for layer in image.layers:
        if (size := _unpacked_size(layer.file)) > unpacked_limit(layer.descriptor.size):
            msg = f"A layer of {layer.descriptor.size:,} bytes unpacks to {size:,}, over {RATIO_MAX} times as many."
            hint = "Leave out large files of equal bytes: whoever checks the image would take the layer for a bomb."
            raise PackagingError(msg, hint=hint)
    unpacked = sum(_unpacked_size(layer.file) for layer in image.layers)
    if unpacked > IMAGE_MAX:
        msg = f"The layers have {unpacked:,} bytes unpacked; Lambda allows {IMAGE_MAX:,}."
        raise PackagingError(msg, hint="Use a smaller base image, or copy less into the image.")
    config = Descriptor(media_type=OCI_CONFIG, digest=content_digest(image.config), size=len(image.config))
    manifest = write_manifest(config, tuple(layer.descriptor for layer in image.layers))
    digest = content_digest(manifest.content)
    with new_layout_folder(target) as folder:
        (folder / BLOBS).mkdir(parents=True)
        for layer in image.layers:
            link_blob(layer.file, blob_path(folder, layer.descriptor.digest))
        blob_path(folder, config.digest).write_bytes(image.config)
        blob_path(folder, digest).write_bytes(manifest.content)
        notes = LayoutNotes(tag=tag, base="", base_digest="", base_layers=0)
        (folder / VERSION_FILE).write_bytes(VERSION_DOCUMENT)
        (folder / INDEX_FILE).write_bytes(index_document(manifest, notes))
    return Artifact(
        file=target.absolute(),
        sha256=digest.removeprefix("sha256:"),
        size=layout_size(target),
        unpacked_size=unpacked,
        entries=len(image.layers),
        tree_digest=config.digest,
    )


def _unpacked_size(layer: Path) -> int:
    """Bytes of a layer's tar: the last field of a gzip member (RFC 1952); a layer has one, below 4 GiB."""
    with layer.open("rb") as stream:
        stream.seek(-_SIZE_FIELD, 2)
        return int.from_bytes(stream.read(), "little")
