"""Every plugin below a folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from builder.bundle.folder_walk import GITIGNORE, ignores_above, read_ignore, repository_top
from builder.bundle.inclusion_rules import IgnoreFile, InclusionRules, is_ignored
from builder.errors import ProjectError
from builder.manifest import FILE_NAME

if TYPE_CHECKING:
    from pathlib import Path


def find_plugins(root: Path) -> tuple[Path, ...]:
    """The folder of every ``plugin.toml`` at or below ``root``, sorted by path.

    What git ignores is not looked into, nor hidden folders, virtual environments and ``node_modules``; links to folders
    are not followed, so that no plugin is found twice.

    Raises:
        ProjectError: There is none, or a folder cannot be read.
    """
    root = root.resolve()
    top = repository_top(root)
    inside = root.relative_to(top).as_posix()
    choice = InclusionRules(prefix="" if inside == "." else f"{inside}/")
    found: list[Path] = []
    pending = [("", ignores_above(top, root))]
    while pending:
        prefix, ignores = pending.pop()
        folder = root / prefix
        files, folders = _listing(folder)
        if prefix and "pyvenv.cfg" in files:
            continue
        if GITIGNORE in files:
            ignores = (*ignores, *read_ignore(folder, choice.prefix + prefix))
        if FILE_NAME in files and not is_ignored(choice.prefix + prefix + FILE_NAME, ignores):
            found.append(folder)
        pending += _kept(choice, prefix, folders, ignores)
    if not found:
        message = f"There is no {FILE_NAME} in {root} or below."
        raise ProjectError(message, hint="Name the folder that holds the plugins; what git ignores is not looked into.")
    return tuple(sorted(found, key=lambda folder: folder.relative_to(root).as_posix().encode()))


def _listing(folder: Path) -> tuple[set[str], list[str]]:
    """The names of the files and of the folders directly in a folder."""
    try:
        with os.scandir(folder) as listing:
            entries = list(listing)
    except OSError as error:
        message = f"{folder} cannot be read: {error.strerror}."
        raise ProjectError(message, hint="Give yourself read permission, or let .gitignore name it.") from error
    folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    return {entry.name for entry in entries if entry.is_file()}, folders


def _kept(
    choice: InclusionRules, prefix: str, folders: list[str], ignores: tuple[IgnoreFile, ...]
) -> list[tuple[str, tuple[IgnoreFile, ...]]]:
    paths = (prefix + name for name in folders)
    return [(f"{path}/", ignores) for path in paths if not choice.leaves_out_folder(path, ignores)]
