"""Where the git repository around a folder begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def repository_top(folder: Path) -> Path:
    """The nearest folder with ``.git``, here or above; the folder itself when there is none."""
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)
