"""The table of versions, inside the transaction that changes a plugin."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

VERSIONS_MAX = 30
"""How many of each plugin are kept (the kit's choice): `dev` makes one with every save."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginVersion:
    """A plugin as it was after a change.

    Attributes:
        number: Its number, unique in the local BioT and ascending.
        full_name: The plugin.
        time: When it was changed, in ISO 8601.
        version: Its version, which several changes of settings share.
        config: Its configuration.
        code_sha256: The digest of its ZIP; None for BioT's seed code and for an image.
        image_tag: The tag of its image; None for a ZIP.
    """

    number: int
    full_name: str
    time: str
    version: int
    config: Mapping[str, Any]
    code_sha256: str | None
    image_tag: str | None


class VersionTable:
    """The versions of all plugins.

    Args:
        connection: The transaction.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, full_name: str) -> None:
        """Add a plugin as it is now, and delete its oldest versions."""
        self._connection.execute(
            "INSERT INTO plugin_versions (full_name, time, version, config, code_sha256, image_tag)"
            " SELECT full_name, last_modified_time, version, config, code_sha256, image_tag FROM plugins"
            " WHERE full_name = ?",
            (full_name,),
        )
        self._connection.execute(
            "DELETE FROM plugin_versions WHERE full_name = ? AND number <= (SELECT number FROM plugin_versions"
            " WHERE full_name = ? ORDER BY number DESC LIMIT 1 OFFSET ?)",
            (full_name, full_name, VERSIONS_MAX),
        )

    def of_plugin(self, full_name: str) -> list[PluginVersion]:
        """Return the versions of a plugin, the newest first."""
        query = "SELECT * FROM plugin_versions WHERE full_name = ? ORDER BY number DESC"
        return [_version(row) for row in self._connection.execute(query, (full_name,))]

    def find(self, full_name: str, number: int) -> PluginVersion | None:
        """Return a version of a plugin; None when there is none."""
        query = "SELECT * FROM plugin_versions WHERE full_name = ? AND number = ?"
        row = self._connection.execute(query, (full_name, number)).fetchone()
        return None if row is None else _version(row)

    def delete(self, full_name: str) -> None:
        """Delete all versions of a plugin."""
        self._connection.execute("DELETE FROM plugin_versions WHERE full_name = ?", (full_name,))


def _version(row: sqlite3.Row) -> PluginVersion:
    return PluginVersion(
        number=row["number"],
        full_name=row["full_name"],
        time=row["time"],
        version=row["version"],
        config=json.loads(row["config"]),
        code_sha256=row["code_sha256"],
        image_tag=row["image_tag"],
    )
