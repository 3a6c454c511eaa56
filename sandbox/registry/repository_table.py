"""The repositories in the database: which blobs, manifests and tags each has. For one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    import sqlite3

    from sandbox.registry.pushed_manifest import PushedManifest


@dataclass(frozen=True, slots=True)
class RepositoryTable:
    """One repository.

    Attributes:
        connection: The connection of the transaction.
        repository: The name of the repository; it exists as soon as something is pushed to it.
    """

    connection: sqlite3.Connection
    repository: str

    def blob_size(self, digest: str) -> int:
        """Return the size of a blob in bytes.

        Raises:
            ApiError: 404 ``BLOB_UNKNOWN``.
        """
        row = self._first("SELECT size FROM registry_blob WHERE repository = ? AND digest = ?", digest)
        if row is None:
            msg = "The repository has no blob with this digest."
            raise ApiError(404, "BLOB_UNKNOWN", msg, {"digest": digest})
        return int(row["size"])

    def link_blob(self, digest: str, size: int, moment: str) -> None:
        """Add a blob; adding it again updates its time."""
        self.connection.execute(
            "INSERT INTO registry_blob (repository, digest, size, pushed_time) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET pushed_time = excluded.pushed_time",
            (self.repository, digest, size, moment),
        )

    def unlink_blob(self, digest: str) -> None:
        """Remove a blob.

        Raises:
            ApiError: 404 ``BLOB_UNKNOWN``; 405 ``UNSUPPORTED``: an image has it.
        """
        self.blob_size(digest)
        if self._first("SELECT 1 FROM registry_reference WHERE repository = ? AND part = ?", digest):
            msg = "An image of this repository has this blob. Delete the image's manifest first."
            raise ApiError(405, "UNSUPPORTED", msg, {"digest": digest})
        self.connection.execute(
            "DELETE FROM registry_blob WHERE repository = ? AND digest = ?", (self.repository, digest)
        )

    def find_manifest(self, reference: str) -> sqlite3.Row:
        """Return ``digest``, ``media_type`` and ``content`` of a manifest, by its tag or its digest.

        Raises:
            ApiError: 404 ``MANIFEST_UNKNOWN``.
        """
        tagged = "SELECT digest FROM registry_tag WHERE repository = ? AND tag = ?"
        tag = None if ":" in reference else self._first(tagged, reference)
        digest = tag["digest"] if tag else reference
        row = self._first(
            "SELECT digest, media_type, content FROM registry_manifest WHERE repository = ? AND digest = ?", digest
        )
        if row is None:
            msg = "The repository has no manifest with this tag or digest."
            raise ApiError(404, "MANIFEST_UNKNOWN", msg, {"reference": reference})
        return row

    def put_manifest(self, manifest: PushedManifest, tag: str | None, moment: str) -> None:
        """Store a manifest, and let a tag point to it.

        Raises:
            ApiError: 404 ``MANIFEST_BLOB_UNKNOWN``: the repository lacks a part of it.
        """
        self._require_parts(manifest)
        self.connection.execute(
            "INSERT INTO registry_manifest (repository, digest, media_type, content) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET media_type = excluded.media_type",
            (self.repository, manifest.digest, manifest.media_type, manifest.content),
        )
        self.connection.executemany(
            "INSERT INTO registry_reference (repository, manifest, part) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [(self.repository, manifest.digest, part) for part in (*manifest.blobs, *manifest.manifests)],
        )
        if tag is not None:
            self.connection.execute(
                "INSERT INTO registry_tag (repository, tag, digest, pushed_time) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET digest = excluded.digest, pushed_time = excluded.pushed_time",
                (self.repository, tag, manifest.digest, moment),
            )

    def tags(self) -> list[str]:
        """Return all tags in the order of their characters."""
        query = "SELECT tag FROM registry_tag WHERE repository = ? ORDER BY tag"
        return [row["tag"] for row in self.connection.execute(query, (self.repository,))]

    def delete_tag(self, tag: str) -> None:
        """Delete a tag and keep its manifest.

        Raises:
            ApiError: 404 ``MANIFEST_UNKNOWN``.
        """
        self.find_manifest(tag)
        self.connection.execute("DELETE FROM registry_tag WHERE repository = ? AND tag = ?", (self.repository, tag))

    def delete_manifest(self, digest: str) -> tuple[str, ...]:
        """Delete a manifest with its tags, and the blobs that no other manifest has; return their digests.

        Raises:
            ApiError: 404 ``MANIFEST_UNKNOWN``.
        """
        self.find_manifest(digest)
        parts = self.connection.execute(
            "SELECT part FROM registry_reference WHERE repository = ? AND manifest = ?", (self.repository, digest)
        ).fetchall()
        self.connection.execute(
            "DELETE FROM registry_manifest WHERE repository = ? AND digest = ?", (self.repository, digest)
        )
        return self._unlink_unreferenced([row["part"] for row in parts])

    def is_empty(self) -> bool:
        """Whether the repository has no blob and no manifest."""
        blob = self._first("SELECT 1 FROM registry_blob WHERE repository = ?")
        return not (blob or self._first("SELECT 1 FROM registry_manifest WHERE repository = ?"))

    def _require_parts(self, manifest: PushedManifest) -> None:
        blob = "SELECT 1 FROM registry_blob WHERE repository = ? AND digest = ?"
        child = "SELECT 1 FROM registry_manifest WHERE repository = ? AND digest = ?"
        missing = [digest for digest in manifest.blobs if not self._first(blob, digest)]
        missing += [digest for digest in manifest.manifests if not self._first(child, digest)]
        if missing:
            msg = f"The repository lacks {len(missing)} of the blobs and manifests that this manifest names."
            raise ApiError(404, "MANIFEST_BLOB_UNKNOWN", msg, {"digests": missing})

    def _unlink_unreferenced(self, digests: list[str]) -> tuple[str, ...]:
        unused = tuple(
            digest
            for digest in digests
            if not self._first("SELECT 1 FROM registry_reference WHERE repository = ? AND part = ?", digest)
        )
        self.connection.executemany(
            "DELETE FROM registry_blob WHERE repository = ? AND digest = ?",
            [(self.repository, digest) for digest in unused],
        )
        return unused

    def _first(self, query: str, *values: object) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self.connection.execute(query, (self.repository, *values)).fetchone()
        return row


def unlink_old_blobs(connection: sqlite3.Connection, before: str) -> None:
    """Remove the blobs that no manifest names and that were pushed before a moment: a push that never ended."""
    connection.execute(
        "DELETE FROM registry_blob WHERE pushed_time < ? AND NOT EXISTS (SELECT 1 FROM registry_reference AS named"
        " WHERE named.repository = registry_blob.repository AND named.part = registry_blob.digest)",
        (before,),
    )
