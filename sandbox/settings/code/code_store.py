"""Uploaded code, stored beside the database under its sha256. It is streamed there and appears only when complete."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from sandbox.database import Database


class Upload:
    """An upload in progress. The end of its block deletes the file unless it was stored.

    Args:
        folder: The folder of the store, which is created if it is missing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / f".{secrets.token_hex(8)}.part"
        self.size = 0
        self._digest = hashlib.sha256()
        self._stream = self.path.open("xb", buffering=0)

    def write(self, data: bytes) -> None:
        """Write the next bytes."""
        self._stream.write(data)
        self._digest.update(data)
        self.size += len(data)

    def finish(self) -> None:
        """Flush the complete upload to the disk."""
        os.fsync(self._stream.fileno())
        self._stream.close()

    @property
    def sha256(self) -> str:
        """The digest of all bytes so far, in hexadecimal."""
        return self._digest.hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class CodeStore:
    """The folder with the code of all plugins."""

    folder: Path

    @classmethod
    def beside(cls, database: Database) -> CodeStore:
        """Return the store of a database."""
        return cls(database.file.with_name(f"{database.file.name}.code"))

    def file(self, sha256: str) -> Path:
        """Return the path of the code with this digest."""
        return self.folder / f"{sha256}.zip"

    def add(self, upload: Upload) -> str:
        """Store an upload and return its digest. Call it inside the transaction that refers to it."""
        upload.path.replace(self.file(upload.sha256))
        return upload.sha256

    def delete_unused(self, connection: sqlite3.Connection, sha256: str | None) -> None:
        """Delete code that no plugin uses. Call it inside a transaction, so that no plugin starts to use it."""
        if sha256 and not _in_use(connection, sha256):
            self.file(sha256).unlink(missing_ok=True)

    def sweep(self, connection: sqlite3.Connection) -> None:
        """Delete the remains of a killed process. Call it before the first request, when no upload is in progress."""
        for file in self.folder.glob("*"):
            if not _in_use(connection, file.stem):
                file.unlink()


def _in_use(connection: sqlite3.Connection, sha256: str) -> bool:
    return connection.execute("SELECT 1 FROM plugins WHERE code_sha256 = ?", (sha256,)).fetchone() is not None
