"""Writes lock files so that they are never half-written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.errors import DependencyError, PackagingError

if TYPE_CHECKING:
    from pathlib import Path


def write_lock_file(file: Path, data: bytes) -> None:
    """Write a lock file beside the old one, then replace that one.

    Raises:
        DependencyError: It cannot be written; the old file is unchanged.
    """
    from builder.archive.atomic_files import atomic_file

    try:
        with atomic_file(file) as stream:
            stream.write(data)
    except PackagingError as error:
        raise DependencyError(error.message, hint=error.hint) from error
