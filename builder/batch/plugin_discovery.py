"""Finds every plugin below a folder."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from builder.bundle.folder_walk import GITIGNORE_NAME, ignore_files_above, read_ignore_file
from builder.bundle.inclusion_rules import IgnoreFile, InclusionRules, is_ignored
from builder.errors import ProjectError
from builder.host.git_repository import repository_top
from builder.manifest import FILE_NAME

if TYPE_CHECKING:
    from pathlib import Path


def find_plugins(root: Path) -> tuple[Path, ...]:
    """The folder of every ``plugin.toml`` at or below ``root``, sorted by path.

    Skips what git ignores, hidden folders, virtual environments and ``node_modules``. Does not follow
    links to folders, so that no plugin is found twice.

    Raises:
        ProjectError: There is no plugin, or a folder cannot be read.
    """
    root = root.resolve()
    top = repository_top(root)
    inside = root.relative_to(top).as_posix()
    rules = InclusionRules(prefix="" if inside == "." else f"{inside}/")
    plugin_folders: list[Path] = []
    pending = [("", ignore_files_above(top, root, rules.matches))]
    while pending:
        prefix, ignore_files = pending.pop()
        folder = root / prefix
        files, folders = _listing(folder)
        if prefix and "pyvenv.cfg" in files:
            continue
        if GITIGNORE_NAME in files:
            ignore_files = (*ignore_files, *read_ignore_file(folder, rules.prefix + prefix, rules.matches))
        if FILE_NAME in files and not is_ignored(rules.prefix + prefix + FILE_NAME, ignore_files):
            plugin_folders.append(folder)
        pending += _folders_to_visit(rules, prefix, folders, ignore_files)
    if not plugin_folders:
        message = f"No {FILE_NAME} found in {root} or below."
        raise ProjectError(
            message, hint="Name the folder that contains the plugins. Folders that git ignores are skipped."
        )
    return tuple(sorted(plugin_folders, key=lambda folder: folder.relative_to(root).as_posix().encode()))


def locked_packages(folder: Path) -> str:
    """A value that is equal for plugins with equal locks: the digest of the locks in a plugin's folder."""
    digest = hashlib.sha256()
    for name in ("requirements.lock", "package-lock.json"):
        file = folder / name
        digest.update(file.read_bytes() if file.is_file() else b"")
    return digest.hexdigest()


def _listing(folder: Path) -> tuple[set[str], list[str]]:
    """The names of the files and of the folders directly in a folder."""
    try:
        with os.scandir(folder) as listing:
            entries = list(listing)
    except OSError as error:
        message = f"{folder} cannot be read: {error.strerror}."
        raise ProjectError(message, hint="Give yourself read permission, or add the folder to .gitignore.") from error
    folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    return {entry.name for entry in entries if entry.is_file()}, folders


def _folders_to_visit(
    rules: InclusionRules, prefix: str, folders: list[str], ignore_files: tuple[IgnoreFile, ...]
) -> list[tuple[str, tuple[IgnoreFile, ...]]]:
    paths = (prefix + name for name in folders)
    return [(f"{path}/", ignore_files) for path in paths if not rules.excludes_folder(path, ignore_files)]
