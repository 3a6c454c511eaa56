"""The image to push: in an OCI layout on this machine, or in another registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from builder.errors import ProjectError
from builder.image.layout_files import blob_path, find_image
from builder.oci import InvalidOciDocumentError, StoredImage
from builder.registry import parse_reference, pull_base

if TYPE_CHECKING:
    from pathlib import Path

    from builder.image.layout_files import LayoutNotes
    from builder.oci import Descriptor, ImageManifest
    from builder.progress import Progress
    from builder.registry import RegistryOptions

_HINT: Final = "Name a folder that `biot-plugin package` wrote."


def read_layout(folder: Path) -> StoredImage:
    """The image in a folder with the OCI image layout.

    The layout may be another tool's. Layers of the base without a file are taken from the base image that the index
    names, as ``biot-plugin package`` writes it.

    Raises:
        ProjectError: The folder has no image, several images, or not all of its blobs.
    """
    try:
        manifest, notes = find_image(folder)
    except OSError as error:
        msg = f"{folder} is not an OCI image layout: {error.filename} cannot be read ({error.strerror})."
        raise ProjectError(msg, hint=_HINT) from error
    except InvalidOciDocumentError as error:
        msg = f"{folder} is not an OCI image layout that Lambda could use. {error}"
        raise ProjectError(msg, hint=_HINT) from error
    return _stored_image(folder, manifest, notes)


def read_remote_image(name: str, folder: Path, progress: Progress, options: RegistryOptions) -> StoredImage:
    """An image in another registry; its layers go from there to the target without a copy on this machine.

    Args:
        name: The name of the image.
        folder: Where its config is written.
        progress: Shows what is read.
        options: How the registry is used.

    Raises:
        InvalidReferenceError: It is not the name of an image.
        DependencyError: There is no such image for linux/amd64, or the registry gave no usable answer.
    """
    reference = parse_reference(name)
    manifest, config = pull_base(name, progress=progress, options=options)
    file = folder / "config.json"
    file.write_bytes(config)
    return StoredImage(manifest=manifest, files={manifest.config.digest: file}, base=reference.repository_name)


def _stored_image(folder: Path, manifest: ImageManifest, notes: LayoutNotes) -> StoredImage:
    elsewhere = {blob.digest for blob in manifest.layers[: notes.base_layers]} if notes.base else set()
    files = {}
    for blob in (manifest.config, *manifest.layers):
        file = blob_path(folder, blob.digest)
        if file.is_file():
            files[blob.digest] = _checked(file, blob)
        elif blob.digest not in elsewhere:
            msg = f"{folder} lacks the blob {blob.digest[:19]}…."
            raise ProjectError(msg, hint="Build the image again.")
    return StoredImage(manifest=manifest, files=files, base=notes.repository)


def _checked(file: Path, blob: Descriptor) -> Path:
    if (size := file.stat().st_size) != blob.size:
        msg = f"{file} has {size:,} bytes, not the {blob.size:,} that the manifest names."
        raise ProjectError(msg, hint="Build the image again.")
    return file
