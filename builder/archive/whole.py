"""Files that appear whole or not at all."""

from __future__ import annotations

import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from builder.errors import PackagingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path


@contextmanager
def whole_file(target: Path) -> Iterator[FileIO]:
    """Write beside the target and take its place at the end; whatever interrupts leaves the old file and nothing else.

    Args:
        target: The file to write; its folder is made when missing.

    Raises:
        PackagingError: The folder or the file cannot be written.
    """
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("xb", buffering=0) as stream:
            yield stream
        beside.replace(target)
    except OSError as error:
        msg = f"{target} cannot be written: {error.strerror}"
        raise PackagingError(
            msg,
            hint="Check the free space and the permissions of its folder.",
        ) from error
    finally:
        with suppress(OSError):  # already in its place, or its folder was never there
            beside.unlink()
