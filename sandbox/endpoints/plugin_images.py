"""The image of an IMAGE plugin, from the registry of the local BioT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.image.image_config import RUNTIME_LABEL
from builder.oci import parse_manifest
from sandbox.functions.function_errors import FunctionUnavailableError
from sandbox.functions.images.function_image import FunctionImage, function_image
from sandbox.registry.blob_files import BlobFiles
from sandbox.registry.repository_names import PLUGIN_REPOSITORY
from sandbox.registry.repository_table import RepositoryTable
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.database import Database


def plugin_image(database: Database, plugin: str, digest: str) -> FunctionImage:
    """Return the image of a plugin, ready to be unpacked.

    Args:
        database: Of the local BioT.
        plugin: The plugin's name, for messages.
        digest: Of its manifest in the repository of plugins.

    Raises:
        ApiError: 503 ``PLUGIN_NOT_RUNNING``: it was deleted, or does not say which runtime it has.
    """
    try:
        with database.read() as connection:
            row = RepositoryTable(connection, PLUGIN_REPOSITORY).find_manifest(digest)
        manifest = parse_manifest(row["content"], row["media_type"])
        blobs = BlobFiles.beside(database)
        config = blobs.file(manifest.config.digest).read_bytes()

        def find_blob(digest: str) -> Path | None:
            file = blobs.file(digest)
            return file if file.is_file() else None

        image = function_image(manifest, config, find_blob)
    except (ApiError, OSError, FunctionUnavailableError) as error:
        raise _not_running(plugin, f"Its image {digest} cannot be read: {error}") from error
    if not image.runtime:
        message = f"Its image {digest} has no label {RUNTIME_LABEL}, and is on no base image of AWS."
        raise _not_running(plugin, message)
    return image


def _not_running(plugin: str, message: str) -> ApiError:
    return ApiError(503, "PLUGIN_NOT_RUNNING", message, {"pluginName": plugin})
