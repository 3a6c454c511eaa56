"""Selects the plugin's own files: finds them, reads them and checks their names."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from builder.bundle.file_names import source_problems
from builder.bundle.ignore_patterns import PatternMatches, invalid_patterns
from builder.bundle.source_files import SourceFile
from builder.bundle.source_folders import duplicate_paths, select_files, source_folders, walk_folder
from builder.errors import Problem, ProjectError
from builder.host.git_repository import repository_top
from builder.platform.limits import UNZIPPED_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.archive.file_results import FileResults
    from builder.bundle.folder_walk import FolderWalk, SelectedFile
    from builder.manifest.model import Manifest

PACKAGE_JSON = "package.json"
MODULE_MARKER = b'{"type": "module"}\n'
_LARGEST = 10


def select_sources(
    manifest: Manifest, packages: Sequence[tuple[str, str]] = (), results: FileResults | None = None
) -> tuple[SourceFile, ...]:
    """Read every file under ``[build] root`` and ``[build.shared]`` that goes into the artifact.

    Args:
        manifest: The plugin.
        packages: Folders of the repository that are npm packages (``Lock.folders``).
        results: What the patterns matched before; receives what they match now.

    Raises:
        ProjectError: A folder is missing, or files cannot be packaged; lists every one.
    """
    folder = manifest.folder.resolve()
    top = repository_top(folder)
    folders = source_folders(manifest, top, packages)
    _refuse_invalid_patterns(manifest)
    matches = PatternMatches(results)
    selections = [select_files(source_folder, manifest, top, matches) for source_folder in folders]
    matches.keep()
    files = [file for selected, _ in selections for file in selected]
    _raise_if([*(problem for _, problems in selections for problem in problems), *duplicate_paths(files)])
    _refuse_too_many_bytes(files)
    sources = _read(files, folder)
    _raise_if(source_problems(sources))
    if manifest.runtime.language == "nodejs" and not any(source.path == PACKAGE_JSON for source in sources):
        sources = (*sources, *_module_marker(folders[0].folder, top))
    return sources


def listed_folders(
    manifest: Manifest, packages: Sequence[tuple[str, str]] = (), results: FileResults | None = None
) -> tuple[str, ...]:
    """Every folder that ``select_sources`` lists: a file that appears in one of them can change the selection."""
    walks = walk_sources(manifest, packages, PatternMatches(results))
    return tuple(listed for walk in walks for listed in walk.folders)


def walk_sources(
    manifest: Manifest, packages: Sequence[tuple[str, str]], matches: PatternMatches
) -> tuple[FolderWalk, ...]:
    """Finds the files that ``select_sources`` reads: a pass over ``[build] root``, then one over each other folder.

    Raises:
        ProjectError: A folder is missing or lies outside the repository.
    """
    top = repository_top(manifest.folder.resolve())
    return tuple(walk_folder(one, manifest, top, matches) for one in source_folders(manifest, top, packages))


def _read(files: Sequence[SelectedFile], folder: Path) -> tuple[SourceFile, ...]:
    sources, problems = [], []
    for selected in files:
        file = Path(selected.file)
        origin = Path(os.path.relpath(file, folder)).as_posix()
        try:
            sources.append(SourceFile(path=selected.path, origin=origin, content=file.read_bytes()))
        except OSError as error:
            problems.append(
                Problem(file=origin, message=f"{origin} cannot be read: {error.strerror}.", code="unreadable-file")
            )
    _raise_if(problems)
    return tuple(sources)


def _refuse_invalid_patterns(manifest: Manifest) -> None:
    _raise_if(
        [
            Problem(
                file=manifest.file.name,
                key=f"build.{key}",
                message=f"{line!r} is not a valid .gitignore pattern.",
                hint="Use a pattern such as 'data/', '*.csv' or '!data/keep.csv'.",
                code="file-pattern",
            )
            for key, lines in (("include", manifest.build.include), ("exclude", manifest.build.exclude))
            for line in (invalid_patterns(lines) if lines else ())
        ]
    )


def _refuse_too_many_bytes(files: Sequence[SelectedFile]) -> None:
    total = sum(file.size for file in files)
    if total <= UNZIPPED_MAX:
        return
    largest = sorted(files, key=lambda file: -file.size)[:_LARGEST]
    msg = f"The plugin's own files have {total} bytes; Lambda allows {UNZIPPED_MAX} for all files and packages."
    raise ProjectError(
        msg,
        hint="Exclude files that the function does not read, with [build] exclude or .gitignore.",
        problems=[
            Problem(file=file.path, message=f"{file.path}: {file.size} bytes.", code="too-large") for file in largest
        ],
    )


def _module_marker(root: Path, top: Path) -> tuple[SourceFile, ...]:
    """A package.json for the artifact, when the nearest one above the build root declares ES modules.

    Node.js reads the nearest package.json at or above a file to learn its module type. In the
    artifact there is no folder above the build root.
    """
    for folder in root.parents:
        if not folder.is_relative_to(top):
            break
        file = folder / PACKAGE_JSON
        if file.is_file():
            return marker_for(file.read_bytes(), file.relative_to(top).as_posix())
    return ()


def marker_for(package_json: bytes, origin: str) -> tuple[SourceFile, ...]:
    """A minimal package.json, when the repository's declares ES modules.

    Raises:
        ProjectError: The repository's package.json is not valid JSON.
    """
    try:
        content = json.loads(package_json)
    except ValueError as error:
        msg = f"{origin} is not valid JSON: {error}."
        raise ProjectError(msg, hint="Fix the file; npm cannot read it either.") from error
    if isinstance(content, dict) and content.get("type") == "module":
        return (SourceFile(path=PACKAGE_JSON, origin=origin, content=MODULE_MARKER),)
    return ()


def _raise_if(problems: Sequence[Problem]) -> None:
    if problems:
        msg = "Some of the plugin's own files cannot be packaged."
        raise ProjectError(
            msg, hint="Fix the problems listed above, then run `biot-plugin package` again.", problems=problems
        )
