"""The images of plugins: each has a tag in the environment's repository, and is checked as Lambda checks it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from builder.oci import GZIP_LAYER_TYPES, MANIFEST_TYPES, OCI_LAYER_TAR, parse_manifest
from sandbox.registry.repository_names import PLUGIN_REPOSITORY
from sandbox.registry.repository_table import RepositoryTable
from sandbox.settings.configuration_rules import INVALID_PARAMETER, aws_error
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    import sqlite3

_LAYER_TYPES = GZIP_LAYER_TYPES | {OCI_LAYER_TAR}
_UNSUPPORTED = (
    "The image manifest, config or layer media type for the source image is not supported: Lambda takes the manifest "
    "of one image, not an index, with gzip layers."
)
"""Lambda's message begins like this, and an image that was built with attestations is the usual reason."""


def resolve_image(connection: sqlite3.Connection, tag: str) -> str:
    """Return the digest of the image with this tag, after a check that Lambda accepts it.

    Lambda resolves a tag when a function takes the image, and keeps the digest: a tag that moves later changes nothing
    until the next update. Source: AWS Lambda API reference, ``UpdateFunctionCode`` (2026-11).

    Raises:
        ApiError: 404 ``PLUGIN_IMAGE_TAG_NOT_FOUND``; 500 ``AWS_EXCEPTION``.
    """
    try:
        row = RepositoryTable(connection, PLUGIN_REPOSITORY).find_manifest(tag)
    except ApiError as error:
        raise ApiError(404, "PLUGIN_IMAGE_TAG_NOT_FOUND", "No image with this tag was pushed.") from error
    if row["media_type"] not in MANIFEST_TYPES:
        raise aws_error(INVALID_PARAMETER, _UNSUPPORTED)
    image = parse_manifest(row["content"], row["media_type"])
    if any(layer.media_type not in _LAYER_TYPES for layer in image.layers):
        raise aws_error(INVALID_PARAMETER, _UNSUPPORTED)
    return str(row["digest"])


def delete_unused(connection: sqlite3.Connection, digest: str | None) -> tuple[str, ...]:
    """Delete an image with its tags unless a plugin uses it: BioT deletes it with its last plugin.

    Args:
        connection: The connection of the transaction, in which the plugin is already deleted.
        digest: The image that the plugin had, or None; another one that its tag points to by now stays.

    Returns:
        The digests of the blobs that went with it. Their files are to be deleted in a transaction that follows.
    """
    in_use = connection.execute("SELECT 1 FROM plugins WHERE image_digest = ?", (digest,)).fetchone()
    if digest is None or in_use:
        return ()
    with suppress(ApiError):  # somebody may have deleted it in the registry
        return RepositoryTable(connection, PLUGIN_REPOSITORY).delete_manifest(digest)
    return ()
