"""Files that appear whole or not at all."""

from __future__ import annotations

import glob
import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from builder.errors import PackagingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO


_DEVICES = Path("/dev")
_ABANDONED_AFTER_SECONDS = 3600
"""No write takes so long: what is older was left by a process that was killed."""


@contextmanager
def atomic_file(target: Path, *, mode: int = 0o666, remade: bool = False) -> Iterator[FileIO]:
    """Write beside the target and take its place at the end; whatever interrupts leaves the old file and nothing else.

    Args:
        target: The file to write; its folder is made when missing.
        mode: Its permissions, less the umask: 0o600 for what only its owner may read.
        remade: The old file is worth nothing once the new one is written, so it goes right before (killed just then,
            neither is there). ext4 sends a file that takes another's place to the disk at once, and the next one to
            do so waits until it is there: with 36 MB up to half a second.

    Raises:
        PackagingError: The folder or the file cannot be written.
    """
    beside = target.with_name(f".{target.name}.{os.urandom(4).hex()}.part")
    try:
        _refuse_what_is_no_file(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        with open(beside, "xb", buffering=0, opener=lambda path, flags: os.open(path, flags, mode)) as stream:
            yield stream
        if remade:
            target.unlink(missing_ok=True)
        beside.replace(target)
    except OSError as error:
        msg = f"{target} cannot be written: {error.strerror}."
        raise PackagingError(
            msg,
            hint="Check its folder: that it is one, that you may write there, and that there is free space.",
        ) from error
    finally:
        with suppress(OSError):  # already in its place, or its folder was never there
            beside.unlink()


def _refuse_what_is_no_file(target: Path) -> None:
    """Whoever is root could put a file in the place of ``/dev/stdout`` or ``/dev/null``, for all programs to come."""
    if (target.exists() and not target.is_file() and not target.is_dir()) or target.parent.resolve() == _DEVICES:
        msg = f"{target} cannot be written: it is a device or a pipe, not a file."
        raise PackagingError(msg, hint="Name a file: it is written beside its place, and takes it when it is whole.")


def _sweep(target: Path) -> None:
    """Remove what killed runs left beside the target; another run's file that is under way stays."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _ABANDONED_AFTER_SECONDS:
                left.unlink()
