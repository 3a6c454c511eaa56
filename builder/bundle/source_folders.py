"""The folders of the plugin's own files: ``[build] root``, ``[build.shared]`` and npm packages of the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from builder.bundle.folder_walk import FolderWalk, ignore_files_above
from builder.bundle.inclusion_rules import InclusionRules
from builder.errors import Problem, ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from builder.bundle.folder_walk import SelectedFile
    from builder.bundle.ignore_patterns import PatternMatches
    from builder.manifest.model import Manifest


class SourceFolder(Struct, frozen=True, kw_only=True):
    """One folder of the repository and its path in the artifact.

    Attributes:
        folder: Resolved, inside the repository.
        artifact_folder: ``""`` for the root of the artifact, or ending in ``/``.
    """

    folder: Path
    artifact_folder: str = ""


def source_folders(manifest: Manifest, top: Path, packages: Iterable[tuple[str, str]] = ()) -> tuple[SourceFolder, ...]:
    """``[build] root`` first, then every folder of ``[build.shared]`` and every package of the repository.

    Args:
        manifest: The plugin.
        top: The repository's top, resolved.
        packages: (folder relative to the plugin's, folder in the artifact), checked when the lock
            was read.

    Raises:
        ProjectError: A folder is missing, lies outside the repository, or contains the plugin
            itself.
    """
    plugin_folder, build = manifest.folder.resolve(), manifest.build
    root = (plugin_folder / build.root).resolve()
    if not root.is_dir() or not root.is_relative_to(top):
        message = f"[build] root is {build.root!r}, which is not a folder inside the repository {top}."
        hint = "Set it to the folder that contains the handler's file; '.' means the folder of plugin.toml."
        raise ProjectError(message, hint=hint)
    shared = {name: _source_folder(plugin_folder, name, place) for name, place in build.shared.items()}
    problems = [
        Problem(
            file=manifest.file.name,
            key=f'build.shared."{name}"',
            message=f"{name} is not a folder inside the repository {top} and outside the plugin's own folder.",
            hint='For example "../common" = "common": a folder with code that several plugins share.',
            code="shared-folder",
        )
        for name, shared_folder in shared.items()
        if not _is_shareable(shared_folder.folder, plugin_folder, top)
    ]
    if problems:
        message = "Some folders of [build.shared] cannot be packaged."
        raise ProjectError(message, problems=problems)
    local_packages = (_source_folder(plugin_folder, name, place) for name, place in packages)
    return (SourceFolder(folder=root), *shared.values(), *local_packages)


def _source_folder(plugin_folder: Path, name: str, place: str) -> SourceFolder:
    return SourceFolder(folder=(plugin_folder / name).resolve(), artifact_folder=f"{place}/")


def select_files(
    source_folder: SourceFolder, manifest: Manifest, top: Path, matches: PatternMatches
) -> tuple[tuple[SelectedFile, ...], tuple[Problem, ...]]:
    """The files of one folder that go in, with their paths in the artifact, and the files that cannot be packaged."""
    walk = walk_folder(source_folder, manifest, top, matches)
    files = (replace(file, path=source_folder.artifact_folder + file.path) for file in walk.files)
    return tuple(files), tuple(walk.problems)


def walk_folder(source_folder: SourceFolder, manifest: Manifest, top: Path, matches: PatternMatches) -> FolderWalk:
    """One finished pass over a folder; the paths of its files do not begin with the folder in the artifact."""
    folder = source_folder.folder
    path_in_repository = folder.relative_to(top).as_posix()
    rules = InclusionRules(
        prefix="" if path_in_repository == "." else f"{path_in_repository}/",
        is_plugin_folder=folder == manifest.folder.resolve(),
        include=manifest.build.include,
        exclude=manifest.build.exclude,
        artifact_folder=source_folder.artifact_folder,
        matches=matches,
    )
    walk = FolderWalk(top=top, rules=rules)
    walk.run(folder, ignore_files_above(top, folder, matches))
    return walk


def duplicate_paths(files: Iterable[SelectedFile]) -> list[Problem]:
    """A problem for every path of the artifact that comes from two folders."""
    first: dict[str, SelectedFile] = {}
    return [
        Problem(
            file=file.path,
            message=f"Duplicate path {file.path}: it comes from {first[file.path].file} and from {file.file}.",
            hint="Give the shared folder another path in [build.shared], or rename one of the two files.",
            code="duplicate-path",
        )
        for file in files
        if first.setdefault(file.path, file) is not file
    ]


def _is_shareable(folder: Path, plugin_folder: Path, top: Path) -> bool:
    if not folder.is_dir() or not folder.is_relative_to(top) or ".git" in folder.relative_to(top).parts:
        return False
    return not plugin_folder.is_relative_to(folder)
