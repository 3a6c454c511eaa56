"""One local BioT per folder: two would give clients each other's keys and addresses."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from builder.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK_FILE = "running.lock"


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock a folder for as long as the block runs.

    SQLite does the locking, so it works on every system, and the lock ends with the process, however that ends.

    Raises:
        SandboxError: Another local BioT has locked the folder, or the folder is not writable.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / LOCK_FILE).touch(mode=0o600)
        lock = sqlite3.connect(folder / LOCK_FILE, timeout=0, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        msg = f"The local BioT's folder {folder} is not writable: {error}."
        raise SandboxError(msg, hint="Check its permissions, or choose another folder with --data FOLDER.") from error
    with closing(lock):
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            msg = f"Another local BioT is already running in {folder}."
            raise SandboxError(
                msg, hint="Use it, stop it with Ctrl-C, or choose another folder with --data FOLDER."
            ) from error
        yield
