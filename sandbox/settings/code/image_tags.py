"""The images of plugins: each has a tag in the environment's repository, and is checked as Lambda checks it."""

from __future__ import annotations

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


def require_image(connection: sqlite3.Connection, tag: str) -> None:
    """Check that there is an image with this tag, and that Lambda accepts it.

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


def delete_unused(connection: sqlite3.Connection, tag: str | None) -> tuple[str, ...]:
    """Delete the image unless another plugin uses it: BioT deletes it with its last plugin.

    Returns:
        The digests of the blobs that went with it. Their files are to be deleted in a transaction that follows.
    """
    in_use = connection.execute("SELECT 1 FROM plugins WHERE image_tag = ?", (tag,)).fetchone()
    return () if tag is None or in_use else RepositoryTable(connection, PLUGIN_REPOSITORY).delete_image(tag)
