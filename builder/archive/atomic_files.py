"""Files that are written completely or not at all."""

from __future__ import annotations

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
"""No write takes so long: older files were left behind by a process that was killed."""


@contextmanager
def atomic_file(target: Path, *, mode: int = 0o666, discard_old: bool = False) -> Iterator[FileIO]:
    """Write a new file beside the target and replace the target with it at the end.

    An interrupted write leaves the old file as it was, and nothing else.

    Args:
        target: The file to write; a missing folder is created.
        mode: Its permissions, less the umask: 0o600 for files that only the owner may read.
        discard_old: Delete the old file just before the new one takes its place; a process that is
            killed at that moment leaves neither. ext4 sends a file that replaces another one to the
            disk at once, and the next such file waits for it: with 36 MB up to half a second.

    Raises:
        PackagingError: The folder or the file cannot be written.
    """
    part = target.with_name(f".{target.name}.{os.urandom(4).hex()}.part")
    try:
        _refuse_special_file(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned_parts(target)
        with open(part, "xb", buffering=0, opener=lambda path, flags: os.open(path, flags, mode)) as stream:
            yield stream
        if discard_old:
            target.unlink(missing_ok=True)
        part.replace(target)
    except OSError as error:
        msg = f"{target} cannot be written: {error.strerror}."
        raise PackagingError(
            msg,
            hint="Check that its folder exists, that you may write there, and that the disk has free space.",
        ) from error
    finally:
        with suppress(OSError):  # it is already in its place, or its folder does not exist
            part.unlink()


def _refuse_special_file(target: Path) -> None:
    """As root, the write would replace ``/dev/stdout`` or ``/dev/null`` for all programs."""
    if (target.exists() and not target.is_file() and not target.is_dir()) or target.parent.resolve() == _DEVICES:
        msg = f"{target} cannot be written: it is a device or a pipe, not a file."
        raise PackagingError(msg, hint="Give the path of a regular file: the kit replaces it with a new one.")


def _remove_abandoned_parts(target: Path) -> None:
    """Delete what killed processes left beside the target, but not a file that another process is writing now."""
    for name in os.listdir(target.parent):  # noqa: PTH208 - a folder of artifacts has few files, and this is the fastest
        if name.startswith(f".{target.name}.") and name.endswith(".part"):
            abandoned = target.with_name(name)
            with suppress(OSError):
                if time.time() - abandoned.stat().st_mtime > _ABANDONED_AFTER_SECONDS:
                    abandoned.unlink()
