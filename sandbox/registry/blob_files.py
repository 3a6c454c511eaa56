"""The blobs of images: one file for each digest, beside the database. A file appears only when it is complete."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from sandbox.database import Database

UNUSED_SECONDS = 86_400
"""How long an unfinished upload, and a blob that no manifest names, is kept: time enough to go on after a crash."""


@dataclass(frozen=True, slots=True)
class BlobFiles:
    """The folder with the blobs of all repositories, laid out as in an OCI layout, and with the uploads."""

    folder: Path

    @classmethod
    def beside(cls, database: Database) -> BlobFiles:
        """Return the blobs of a database."""
        return cls(database.file.with_name(f"{database.file.name}.images"))

    @property
    def uploads(self) -> Path:
        """The folder of unfinished uploads."""
        return self.folder / "uploads"

    def file(self, digest: str) -> Path:
        """Return the path of the blob with this digest."""
        return self._blobs / digest.removeprefix("sha256:")

    def add(self, upload: Path, digest: str) -> None:
        """Make a blob of a complete upload that is on the disk. Call it inside the transaction that links it."""
        self._blobs.mkdir(parents=True, exist_ok=True, mode=0o700)
        upload.replace(self.file(digest))
        if os.name == "posix":  # elsewhere a folder cannot be flushed
            handle = os.open(self._blobs, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def delete_unlinked(self, connection: sqlite3.Connection, digests: Iterable[str]) -> None:
        """Delete the blobs among these that no repository has.

        Call it in a transaction of its own, after the one that unlinked them: that one might still be rolled back.
        """
        for digest in digests:
            if not _is_linked(connection, digest):
                self.file(digest).unlink(missing_ok=True)

    def sweep(self, connection: sqlite3.Connection, now: datetime) -> None:
        """Delete what a killed process left: files without a repository, rows without a file, and old uploads.

        Call it before the first request, when no upload is in progress.
        """
        for file in self.uploads.glob("*"):
            if now.timestamp() - file.stat().st_mtime > UNUSED_SECONDS:
                file.unlink()
        for file in self._blobs.glob("*"):
            if not _is_linked(connection, f"sha256:{file.name}"):
                file.unlink()
        for row in connection.execute("SELECT DISTINCT digest FROM registry_blob").fetchall():
            if not self.file(row["digest"]).is_file():
                connection.execute("DELETE FROM registry_blob WHERE digest = ?", (row["digest"],))

    @property
    def _blobs(self) -> Path:
        return self.folder / "blobs" / "sha256"


def _is_linked(connection: sqlite3.Connection, digest: str) -> bool:
    return connection.execute("SELECT 1 FROM registry_blob WHERE digest = ?", (digest,)).fetchone() is not None
