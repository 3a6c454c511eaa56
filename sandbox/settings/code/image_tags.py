"""The images of the environment's one repository, by tag.

The local BioT has no registry. A tag is known when somebody said that it was pushed: ``PUT /sandbox/v1/images/{tag}``
stands in for ``docker push``, and whatever takes real pushes one day calls ``register``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    import sqlite3


def register(connection: sqlite3.Connection, tag: str, moment: str) -> None:
    """An image of this tag is there from now on; pushing a tag again keeps one."""
    connection.execute(
        "INSERT INTO image_tags (tag, pushed_time) VALUES (?, ?)"
        " ON CONFLICT (tag) DO UPDATE SET pushed_time = excluded.pushed_time",
        (tag, moment),
    )


def require_tag(connection: sqlite3.Connection, tag: str) -> None:
    """Is there an image of this tag?

    Raises:
        ApiError: 404 ``PLUGIN_IMAGE_TAG_NOT_FOUND``.
    """
    if not connection.execute("SELECT 1 FROM image_tags WHERE tag = ?", (tag,)).fetchone():
        raise ApiError(404, "PLUGIN_IMAGE_TAG_NOT_FOUND", "No image of this tag was pushed.")


def drop(connection: sqlite3.Connection, tag: str | None) -> None:
    """Remove the image, unless another plugin has it: BioT deletes it with the last one."""
    connection.execute(
        "DELETE FROM image_tags WHERE tag = ? AND tag NOT IN (SELECT image_tag FROM plugins WHERE image_tag NOT NULL)",
        (tag,),
    )
