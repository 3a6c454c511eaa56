"""The image in a folder with the OCI image layout, as ``biot-plugin package`` and other tools write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.image.layout_files import blob_path, find_image
from builder.oci import InvalidOciDocumentError
from sandbox.functions.function_errors import FunctionUnavailableError
from sandbox.functions.images.function_image import FunctionImage, function_image

if TYPE_CHECKING:
    from pathlib import Path


def layout_image(folder: Path) -> FunctionImage:
    """Return the image for Lambda in a layout.

    Raises:
        FunctionUnavailableError: The folder is not a layout, or has not exactly one image for linux/amd64.
    """
    try:
        manifest, _ = find_image(folder)
        config = blob_path(folder, manifest.config.digest).read_bytes()
    except OSError as error:
        message = f"{folder} is not an OCI image layout: {error.filename or folder} cannot be read ({error.strerror})."
        raise FunctionUnavailableError(message, hint="Name the folder that `biot-plugin package` wrote.") from error
    except InvalidOciDocumentError as error:
        message = f"{folder} has no image that Lambda could run: {error}"
        raise FunctionUnavailableError(message, hint="Build the image for linux/amd64.") from error

    def find_blob(digest: str) -> Path | None:
        file = blob_path(folder, digest)
        return file if file.is_file() else None

    return function_image(manifest, config, find_blob)
