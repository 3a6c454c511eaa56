"""The tags of the images in the environment's repository.

The local BioT has no registry. A tag exists once it was registered with ``PUT /sandbox/v1/images/{tag}``, which
replaces ``docker push``; a real registry would call ``register``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    import sqlite3


def register(connection: sqlite3.Connection, tag: str, moment: str) -> None:
    """Register a tag; registering it again updates its time."""
    connection.execute(
        "INSERT INTO image_tags (tag, pushed_time) VALUES (?, ?)"
        " ON CONFLICT (tag) DO UPDATE SET pushed_time = excluded.pushed_time",
        (tag, moment),
    )


def require_tag(connection: sqlite3.Connection, tag: str) -> None:
    """Check that there is an image with this tag.

    Raises:
        ApiError: 404 ``PLUGIN_IMAGE_TAG_NOT_FOUND``.
    """
    if not connection.execute("SELECT 1 FROM image_tags WHERE tag = ?", (tag,)).fetchone():
        raise ApiError(404, "PLUGIN_IMAGE_TAG_NOT_FOUND", "No image with this tag was pushed.")


def delete_unused(connection: sqlite3.Connection, tag: str | None) -> None:
    """Delete the image unless another plugin uses it: BioT deletes it with its last plugin."""
    connection.execute(
        "DELETE FROM image_tags WHERE tag = ? AND tag NOT IN (SELECT image_tag FROM plugins WHERE image_tag NOT NULL)",
        (tag,),
    )
