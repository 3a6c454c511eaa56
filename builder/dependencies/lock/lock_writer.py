"""Lock files that appear whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.errors import DependencyError, PackagingError

if TYPE_CHECKING:
    from pathlib import Path


def write_lock_file(file: Path, data: bytes) -> None:
    """Write a lock file beside the old one and take its place.

    Raises:
        DependencyError: The folder does not take it; the old file is as it was.
    """
    from builder.archive.atomic_files import atomic_file

    try:
        with atomic_file(file) as stream:
            stream.write(data)
    except PackagingError as error:
        raise DependencyError(error.message, hint=error.hint) from error
