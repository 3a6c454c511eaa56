"""The files of a repository that decide one plugin's artifact: where they are, without reading the plugin's own."""

from __future__ import annotations

import os
import stat
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from builder import bundle as bundles
from builder import dependencies
from builder import manifest as manifests
from builder.bundle.folder_walk import GITIGNORE_NAME
from builder.errors import ProjectError
from builder.evidence.soup.soup_file import SOUP_NAME
from builder.image.image_lock import FILE_NAME as IMAGE_LOCK_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from builder.bundle.ignore_patterns import PatternMatches
    from builder.errors import Problem
    from builder.manifest.model import Manifest
    from builder.stages import Project

_PACKAGE_JSON = "package.json"


class InputKind(StrEnum):
    """What a file is to a plugin."""

    MANIFEST = "manifest"
    LOCK = "lock"
    OWN = "own file"
    SHARED = "shared folder"
    SETTINGS = "settings"
    KIT = "kit version"
    REVISION = "revision"


class PluginInputs(Struct, frozen=True, kw_only=True):
    """Everything of a repository that decides a plugin's artifact. Paths are relative to the repository's top.

    Attributes:
        plugin: The plugin's folder: ``""`` or ending in ``/``.
        files: Existing file -> what it is. For a link, both the link and the file that it leads to.
        absent: Path of a file that would count if it existed -> what it would be.
        folders: Folder in which every file may count, ending in ``/`` -> what its files are.
    """

    plugin: str
    files: Mapping[str, InputKind]
    absent: Mapping[str, InputKind]
    folders: Mapping[str, InputKind]


def read_inputs(project: Project, top: Path, patterns: PatternMatches) -> PluginInputs:
    """List the inputs of a plugin.

    Args:
        project: The plugin.
        top: The repository's top, resolved.
        patterns: The parsed lines of .gitignore files; many plugins share them.

    Raises:
        KitError: plugin.toml, a lock or a folder cannot be read, so the inputs are unknown.
    """
    file = manifests.find_manifest(project.start)
    manifest = manifests.load(file, environment=project.environment, today=project.today).manifest
    inputs = _Inputs(top)
    inputs.add([file], InputKind.MANIFEST)
    folder = manifest.folder
    inputs.add([folder / SOUP_NAME], InputKind.SETTINGS)
    if manifest.is_built and manifest.dockerfile:
        _add_context(inputs, manifest)
    elif manifest.prebuilt:
        inputs.add([folder / manifest.prebuilt], InputKind.OWN)
    elif manifest.is_built:
        lock = dependencies.read_lock(manifest)
        inputs.add(dependencies.declaring_files(manifest), InputKind.LOCK)
        inputs.add([folder / IMAGE_LOCK_NAME], InputKind.LOCK)
        for number, walk in enumerate(bundles.walk_sources(manifest, lock.folders, patterns)):
            _refuse_problems(walk.problems)
            kind = InputKind.SHARED if number else InputKind.OWN
            inputs.add_folder(walk.folders[0], kind)
            inputs.add((one.file for one in walk.files), kind)
            inputs.add((f"{listed}/{GITIGNORE_NAME}" for listed in walk.folders), InputKind.SETTINGS)
            inputs.add_above(walk.folders[0], (GITIGNORE_NAME, _PACKAGE_JSON))
    return inputs.listed(inputs.relative(folder.resolve()))


def _refuse_problems(problems: Sequence[Problem]) -> None:
    if problems:
        raise ProjectError(problems[0].message, problems=problems)


def _add_context(inputs: _Inputs, manifest: Manifest) -> None:
    from builder.dockerfile_building import list_context  # only with a Dockerfile

    inputs.add((one.file for one in list_context(manifest)), InputKind.OWN)
    inputs.add_folder(str(manifest.folder), InputKind.OWN)
    inputs.add((manifest.folder / f"{name}.dockerignore" for name in ("", manifest.dockerfile)), InputKind.SETTINGS)


class _Inputs:
    """Collects inputs.

    Args:
        top: The repository's top, resolved.
    """

    def __init__(self, top: Path) -> None:
        self._top = str(top)
        self._resolved: dict[str, str] = {}
        self._files: dict[str, InputKind] = {}
        self._absent: dict[str, InputKind] = {}
        self._folders: dict[str, InputKind] = {}

    def add(self, files: Iterable[str | Path], kind: InputKind) -> None:
        """Add files, whether they exist or not."""
        for file in map(str, files):
            try:
                is_link = stat.S_ISLNK(os.lstat(file).st_mode)
            except OSError:
                listed, is_link = self._absent, False
            else:
                listed = self._files
            listed.setdefault(self.relative(file), kind)
            listed.setdefault(self.relative(self._target(file, is_link=is_link)), kind)

    def add_folder(self, folder: str, kind: InputKind) -> None:
        """Add a folder in which every file may count."""
        self._folders.setdefault(f"{self.relative(folder)}/".removeprefix("./"), kind)

    def add_above(self, folder: str, names: tuple[str, ...]) -> None:
        """Add files of these names in every folder above one, up to the top."""
        while folder.startswith(self._top + os.sep):
            folder = folder.rpartition(os.sep)[0]
            self.add((f"{folder}/{name}" for name in names), InputKind.SETTINGS)

    def listed(self, plugin: str) -> PluginInputs:
        """Everything that was added, for the plugin in a folder."""
        prefix = "" if plugin == "." else f"{plugin}/"
        return PluginInputs(plugin=prefix, files=self._files, absent=self._absent, folders=self._folders)

    def relative(self, file: str | Path) -> str:
        """The path relative to the top, with ``/``."""
        path = str(file)
        if path.startswith(self._top + os.sep) and ".." not in path:
            return path[len(self._top) + 1 :].replace(os.sep, "/")
        return os.path.relpath(path, self._top).replace(os.sep, "/")

    def _target(self, file: str, *, is_link: bool) -> str:
        """The file without links on its path; the folders are looked up once, because a plugin has many files."""
        if is_link:
            return os.path.realpath(file)
        folder, name = os.path.split(file)
        if folder not in self._resolved:
            self._resolved[folder] = os.path.realpath(folder)
        return f"{self._resolved[folder]}{os.sep}{name}"
