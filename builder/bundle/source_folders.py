"""The folders that first-party files come from: ``[build] root``, and those of ``[build.shared]`` at their places."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder.bundle.folder_walk import FolderWalk, ignores_above
from builder.bundle.inclusion_rules import InclusionRules
from builder.errors import Problem, ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from builder.bundle.folder_walk import SelectedFile
    from builder.manifest.model import Manifest


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFolder:
    """One folder and where it lies in the artifact.

    Attributes:
        folder: Resolved, inside the repository.
        place: ``""`` for the root of the artifact, or ending in ``/``.
    """

    folder: Path
    place: str = ""


def source_folders(manifest: Manifest, top: Path, packages: Iterable[tuple[str, str]] = ()) -> tuple[SourceFolder, ...]:
    """``[build] root`` first, then every folder of ``[build.shared]`` and every package of the repository.

    Args:
        manifest: The plugin.
        top: The repository's top, resolved.
        packages: Folders relative to the plugin's, with their places: checked when the lock was read.

    Raises:
        ProjectError: A folder is missing, lies outside the repository, or holds the plugin itself.
    """
    folder, build = manifest.folder.resolve(), manifest.build
    root = (folder / build.root).resolve()
    if not root.is_dir() or not root.is_relative_to(top):
        message = f"[build] root is {build.root!r}, which is not a folder inside the repository {top}."
        raise ProjectError(
            message, hint="Name the folder that holds the handler's file; '.' is the folder of plugin.toml."
        )
    shared = [
        (name, SourceFolder(folder=(folder / name).resolve(), place=f"{place}/"))
        for name, place in build.shared.items()
    ]
    problems = [
        Problem(
            file=manifest.file.name,
            key=f'build.shared."{name}"',
            message=f"{name} is not a folder inside the repository {top}, beside the plugin's own.",
            hint='For example "../common" = "common": a folder with code that several plugins share.',
        )
        for name, tree in shared
        if not _is_beside(tree.folder, folder, top)
    ]
    if problems:
        message = "Some folders of [build.shared] cannot be packaged."
        raise ProjectError(message, problems=problems)
    local = (SourceFolder(folder=(folder / name).resolve(), place=f"{place}/") for name, place in packages)
    return (SourceFolder(folder=root), *(tree for _, tree in shared), *local)


def select_files(
    tree: SourceFolder, manifest: Manifest, top: Path
) -> tuple[tuple[SelectedFile, ...], tuple[Problem, ...]]:
    """The files of one tree that go in, with their paths in the artifact, and what cannot be packaged."""
    inside = tree.folder.relative_to(top).as_posix()
    choice = InclusionRules(
        prefix="" if inside == "." else f"{inside}/",
        at_plugin=tree.folder == manifest.folder.resolve(),
        include=manifest.build.include,
        exclude=manifest.build.exclude,
        place=tree.place,
    )
    walk = FolderWalk(top=top, choice=choice)
    walk.run(tree.folder, ignores_above(top, tree.folder))
    return tuple(replace(found, path=tree.place + found.path) for found in walk.files), tuple(walk.problems)


def duplicate_paths(files: Iterable[SelectedFile]) -> list[Problem]:
    """A problem for every path of the artifact that two trees have."""
    first: dict[str, SelectedFile] = {}
    return [
        Problem(
            file=found.path,
            message=f"{found.path} comes from {first[found.path].file} and from {found.file}.",
            hint="Give the shared folder another place in [build.shared], or rename one of the two.",
        )
        for found in files
        if first.setdefault(found.path, found) is not found
    ]


def _is_beside(folder: Path, plugin: Path, top: Path) -> bool:
    if not folder.is_dir() or not folder.is_relative_to(top) or ".git" in folder.relative_to(top).parts:
        return False
    return not plugin.is_relative_to(folder)
