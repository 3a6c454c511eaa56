"""The plugin's own files: found, read and judged."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from builder.bundle.file_names import source_problems
from builder.bundle.folder_walk import repository_top
from builder.bundle.inclusion_rules import invalid_patterns
from builder.bundle.source_files import SourceFile
from builder.bundle.source_folders import duplicate_paths, select_files, source_folders
from builder.errors import Problem, ProjectError
from builder.platform.limits import UNZIPPED_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.bundle.folder_walk import SelectedFile
    from builder.manifest.model import Manifest

PACKAGE_JSON = "package.json"
MODULE_MARKER = b'{"type": "module"}\n'
_LARGEST = 10


def select_sources(manifest: Manifest, packages: Sequence[tuple[str, str]] = ()) -> tuple[SourceFile, ...]:
    """Read every file under ``[build] root`` and ``[build.shared]`` that goes into the artifact.

    Args:
        manifest: The plugin.
        packages: Folders of the repository that are npm packages (``Lock.folders``).

    Raises:
        ProjectError: A folder is missing, or files cannot be packaged: every one is named.
    """
    folder = manifest.folder.resolve()
    top = repository_top(folder)
    trees = source_folders(manifest, top, packages)
    _refuse_broken_patterns(manifest)
    found = [select_files(tree, manifest, top) for tree in trees]
    files = [file for taken, _ in found for file in taken]
    _raise_if([*(problem for _, problems in found for problem in problems), *duplicate_paths(files)])
    _refuse_too_much(files)
    sources = _read(files, folder)
    _raise_if(source_problems(sources))
    if manifest.runtime.language == "nodejs" and not any(source.path == PACKAGE_JSON for source in sources):
        sources = (*sources, *_module_marker(trees[0].folder, top))
    return sources


def _read(files: Sequence[SelectedFile], folder: Path) -> tuple[SourceFile, ...]:
    sources, problems = [], []
    for found in files:
        place = Path(found.file)
        origin = Path(os.path.relpath(place, folder)).as_posix()
        try:
            sources.append(SourceFile(path=found.path, origin=origin, content=place.read_bytes()))
        except OSError as error:
            problems.append(Problem(file=origin, message=f"{origin} cannot be read: {error.strerror}."))
    _raise_if(problems)
    return tuple(sources)


def _refuse_broken_patterns(manifest: Manifest) -> None:
    _raise_if(
        [
            Problem(
                file=manifest.file.name,
                key=f"build.{key}",
                message=f"{line!r} is not a pattern as .gitignore has them.",
                hint="Such as 'data/', '*.csv' or '!data/keep.csv'.",
            )
            for key, lines in (("include", manifest.build.include), ("exclude", manifest.build.exclude))
            for line in (invalid_patterns(lines) if lines else ())
        ]
    )


def _refuse_too_much(files: Sequence[SelectedFile]) -> None:
    total = sum(found.size for found in files)
    if total <= UNZIPPED_MAX:
        return
    largest = sorted(files, key=lambda found: -found.size)[:_LARGEST]
    msg = f"The plugin's own files are {total} bytes; Lambda takes {UNZIPPED_MAX} with all packages."
    raise ProjectError(
        msg,
        hint="Leave out what the function does not read, with [build] exclude or .gitignore.",
        problems=[Problem(file=found.path, message=f"{found.path}: {found.size} bytes.") for found in largest],
    )


def _module_marker(root: Path, top: Path) -> tuple[SourceFile, ...]:
    """The artifact's own package.json when Node would look for one above the build root and find ES modules.

    Node takes the nearest package.json at or above a file for its module kind; in the artifact nothing lies above.
    """
    for place in root.parents:
        if not place.is_relative_to(top):
            break
        file = place / PACKAGE_JSON
        if file.is_file():
            return marker_for(file.read_bytes(), file.relative_to(top).as_posix())
    return ()


def marker_for(package_json: bytes, origin: str) -> tuple[SourceFile, ...]:
    """A minimal package.json when the repository's says that its files are ES modules.

    Raises:
        ProjectError: It is not JSON.
    """
    try:
        described = json.loads(package_json)
    except ValueError as error:
        msg = f"{origin} is not JSON: {error}."
        raise ProjectError(msg, hint="Mend it; npm refuses it too.") from error
    if isinstance(described, dict) and described.get("type") == "module":
        return (SourceFile(path=PACKAGE_JSON, origin=origin, content=MODULE_MARKER),)
    return ()


def _raise_if(problems: Sequence[Problem]) -> None:
    if problems:
        msg = "Some of the plugin's own files cannot be packaged."
        raise ProjectError(msg, hint="Mend what is named above and package again.", problems=problems)
