"""Uploaded code, kept beside the database under its sha256: streamed there, whole or not at all."""

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
    """One upload on its way in. Leaving its block removes the file unless it was kept.

    Args:
        folder: Of the store; made when it is missing.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / f".{secrets.token_hex(8)}.part"
        self.size = 0
        self._digest = hashlib.sha256()
        self._stream = self.path.open("xb", buffering=0)

    def write(self, data: bytes) -> None:
        """Take the next bytes."""
        self._stream.write(data)
        self._digest.update(data)
        self.size += len(data)

    def finish(self) -> None:
        """Everything came: put it on the disk."""
        os.fsync(self._stream.fileno())
        self._stream.close()

    @property
    def sha256(self) -> str:
        """Of everything that came, in hexadecimal."""
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
        """The store that belongs to a database."""
        return cls(database.file.with_name(f"{database.file.name}.code"))

    def file(self, sha256: str) -> Path:
        """Where the code of this digest lies."""
        return self.folder / f"{sha256}.zip"

    def keep(self, incoming: Upload) -> str:
        """Give an upload its place and return its digest; inside the transaction that names it."""
        incoming.path.replace(self.file(incoming.sha256))
        return incoming.sha256

    def drop(self, connection: sqlite3.Connection, sha256: str | None) -> None:
        """Remove code that no plugin has any more; inside a transaction, so that nobody takes it up meanwhile."""
        if sha256 and not _in_use(connection, sha256):
            self.file(sha256).unlink(missing_ok=True)

    def sweep(self, connection: sqlite3.Connection) -> None:
        """Remove what a process that was killed left behind; before requests come, so that nothing is under way."""
        for file in self.folder.glob("*"):
            if not _in_use(connection, file.stem):
                file.unlink()


def _in_use(connection: sqlite3.Connection, sha256: str) -> bool:
    return connection.execute("SELECT 1 FROM plugins WHERE code_sha256 = ?", (sha256,)).fetchone() is not None
