"""The image in a folder with the OCI image layout, as ``biot-plugin package`` and other tools write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.image.lambda_images import ARCHITECTURE, OPERATING_SYSTEM
from builder.oci import MANIFEST_TYPES, InvalidOciDocumentError, content_digest, parse_index, parse_manifest
from sandbox.functions.function_errors import FunctionUnavailableError
from sandbox.functions.images.function_image import FunctionImage, function_image

if TYPE_CHECKING:
    from pathlib import Path

    from builder.oci import PlatformManifest

_PLATFORMS = {(OPERATING_SYSTEM, ARCHITECTURE), ("", "")}
"""The platform of Lambda, and an entry that names none."""


def layout_image(folder: Path) -> FunctionImage:
    """Return the image for Lambda in a layout.

    Raises:
        FunctionUnavailableError: The folder is not a layout, or has not exactly one image for linux/amd64.
    """
    try:
        entry = _only_image(parse_index((folder / "index.json").read_bytes()))
        content = _blob(folder, entry.descriptor.digest).read_bytes()
        if content_digest(content) != entry.descriptor.digest:
            message = "the manifest is not the one that the index names"
            raise InvalidOciDocumentError(message)  # noqa: TRY301 - handled with the other faults of the documents
        manifest = parse_manifest(content, entry.descriptor.media_type)
        config = _blob(folder, manifest.config.digest).read_bytes()
    except OSError as error:
        message = f"{folder} is not an OCI image layout: {error.filename or folder} cannot be read ({error.strerror})."
        raise FunctionUnavailableError(message, hint="Name the folder that `biot-plugin package` wrote.") from error
    except InvalidOciDocumentError as error:
        message = f"{folder} has no image that Lambda could run: {error}"
        raise FunctionUnavailableError(message, hint="Build the image for linux/amd64.") from error

    def find_blob(digest: str) -> Path | None:
        file = _blob(folder, digest)
        return file if file.is_file() else None

    return function_image(manifest, config, find_blob)


def _only_image(entries: tuple[PlatformManifest, ...]) -> PlatformManifest:
    images = [
        entry
        for entry in entries
        if entry.descriptor.media_type in MANIFEST_TYPES and (entry.operating_system, entry.architecture) in _PLATFORMS
    ]
    if len(images) != 1:
        message = f"its index has {len(images)} images for {OPERATING_SYSTEM}/{ARCHITECTURE}, not one"
        raise InvalidOciDocumentError(message)
    return images[0]


def _blob(folder: Path, digest: str) -> Path:
    return folder / "blobs" / "sha256" / digest.removeprefix("sha256:")
