"""The code of earlier versions: links to stored code, so that nothing is copied and each file exists once."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from sandbox.database import Database

_SWEPT_FROM = 200
"""From this number of files on, those of deleted versions are looked for."""


@dataclass(frozen=True, slots=True)
class VersionCode:
    """The folder with the code of all versions."""

    folder: Path

    @classmethod
    def beside(cls, database: Database) -> VersionCode:
        """Return the folder of a database."""
        return cls(database.file.with_name(f"{database.file.name}.versions"))

    def file(self, sha256: str) -> Path:
        """Return the path of the code with this digest."""
        return self.folder / f"{sha256}.zip"

    def keep(self, connection: sqlite3.Connection, code: Path) -> None:
        """Keep stored code for later. Call it inside the transaction that refers to it."""
        self.folder.mkdir(exist_ok=True, mode=0o700)
        target = self.folder / code.name
        with suppress(FileExistsError):
            try:
                os.link(code, target)
            except OSError as error:
                if isinstance(error, FileExistsError):
                    raise
                shutil.copyfile(code, target)  # a file system without links
        if len(os.listdir(self.folder)) > _SWEPT_FROM:  # noqa: PTH208 - only their number
            self.sweep(connection)

    def sweep(self, connection: sqlite3.Connection) -> None:
        """Delete code that no version has. Call it inside a transaction, so that no version starts to use it."""
        used = {row[0] for row in connection.execute("SELECT DISTINCT code_sha256 FROM plugin_versions")}
        for file in self.folder.glob("*"):
            if file.stem not in used:
                file.unlink(missing_ok=True)
