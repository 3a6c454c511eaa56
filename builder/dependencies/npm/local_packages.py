"""Packages in the repository: ``workspaces`` of package.json, and what it requires by ``file:``.

They are never looked up in a registry, where somebody else could publish a package of the same name.
"""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from builder.dependencies.lock.requirements_file import repository_root
from builder.dependencies.npm.npm_graph import EVERY_FIELD, is_address, local_path, string_table
from builder.dependencies.npm.npm_ranges import parse_range, satisfies
from builder.dependencies.npm.package_json import read_json
from builder.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

_TARBALLS: Final = (".tgz", ".tar.gz", ".tar")
_CLASH_CODE: Final = "registry-clash"
_PACKAGE_CODE: Final = "local-package"
_WORKSPACE_CODE: Final = "unsupported-workspace"


class LocalPackages(Struct, kw_only=True):
    """What a plugin takes from its own repository. Paths are relative to the plugin's folder, with ``/``.

    Attributes:
        root: The repository.
        workspaces: Name -> folder, of the plugin's own ``workspaces``.
        siblings: Name -> folder, of the other workspaces of a package.json above that lists the plugin as a workspace.
        folders: Folder -> its package.json.
        tarballs: Files that are required by ``file:``.
        problems: Requirements that the repository cannot meet.
        address_problems: Requirements by an address, which only npm would follow.
    """

    root: Path
    workspaces: dict[str, str] = field(default_factory=dict)
    siblings: dict[str, str] = field(default_factory=dict)
    folders: dict[str, dict[str, object]] = field(default_factory=dict)
    tarballs: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    address_problems: list[Problem] = field(default_factory=list)

    @property
    def names(self) -> dict[str, str]:
        """Every name that must not come from a registry -> the folder of its package."""
        own = {str(package["name"]): folder for folder, package in self.folders.items() if package.get("name")}
        return {**self.siblings, **own, **self.workspaces}


def read_local_packages(folder: Path, package: dict[str, object]) -> LocalPackages:
    """Everything that package.json takes from the repository, directly or through those packages.

    Raises:
        DependencyError: A package.json cannot be read.
    """
    folder = folder.resolve()
    local = LocalPackages(root=repository_root(folder, folder))
    local.workspaces = _read_workspaces(folder, package, local)
    local.siblings = _read_siblings(folder, local)
    pending = [("", package)]
    for path in local.workspaces.values():
        if path not in local.folders:
            local.folders[path] = read_json(folder / path / "package.json")
            pending.append((path, local.folders[path]))
    while pending:
        place, requirer = pending.pop(0)
        for field_name in EVERY_FIELD:
            for name, spec in string_table(requirer, field_name).items():
                path = _required_folder(folder, local, place, (field_name, name, spec))
                if path and path not in local.folders:
                    local.folders[path] = read_json(folder / path / "package.json")
                    pending.append((path, local.folders[path]))
    return local


def copy_packages(local: LocalPackages, folder: Path, work: Path) -> Path:
    """Copy what npm reads of the packages in the repository: each package.json, and the tarballs.

    Args:
        local: The packages.
        folder: Of the plugin.
        work: An empty folder that stands for the repository.

    Returns:
        The folder that stands for the plugin's folder.
    """
    home = work / folder.resolve().relative_to(local.root)
    home.mkdir(parents=True, exist_ok=True)
    for path in (*(f"{place}/package.json" for place in local.folders), *local.tarballs):
        copy = Path(posixpath.normpath((home / path).as_posix()))
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((folder / path).read_bytes())
    return home


def _required_folder(folder: Path, local: LocalPackages, place: str, requirement: tuple[str, str, str]) -> str:
    """The folder that a requirement names, or empty. Adds tarballs and problems to ``local``."""
    field_name, name, spec = requirement
    path = local_path(place, spec)
    if path is None:
        reason = _refusal(local, name, spec)
    else:
        reason = _path_problem(folder, local.root, path)
        if not reason and (folder / path).is_dir():
            return path
        if not reason and path not in local.tarballs:
            local.tarballs.append(path)
    if reason:
        file = posixpath.join(place, "package.json")
        problem = reason._replace(file=file, key=f"{field_name}.{name}")
        (local.address_problems if path is None and is_address(spec) else local.problems).append(problem)
    return ""


def _refusal(local: LocalPackages, name: str, spec: str) -> Problem | None:
    from builder.dependencies.tool_failures import safe_text  # only needed for a failure

    if spec.startswith("workspace:"):
        message = f"{name} is required as {safe_text(spec)}, which npm does not support."
        return Problem(message=message, hint='For an npm workspace, write "*".', code=_WORKSPACE_CODE)
    if is_address(spec):
        message = f"{name} is required by an address ({safe_text(spec)}) instead of by a version."
        hint = "Publish it to your registry and require a version; require a package of this repository by file:."
        return Problem(message=message, hint=hint, code="package-address")
    path = local.workspaces.get(name)
    if path is not None:
        version = str(local.folders.get(path, {}).get("version", ""))
        if spec not in {"", "*"} and parse_range(spec) is not None and not satisfies(version, spec):
            actual = f"has version {version}" if version else "has no version"
            message = (
                f"{name}@{spec} is required, but the workspace {path} {actual}: npm would use the registry instead."
            )
            return Problem(message=message, hint="Change one of the two versions.", code=_CLASH_CODE)
    elif name in local.siblings:
        path = local.siblings[name]
        message = f"{name} is a package of this repository ({path}), but npm would take it from the registry."
        return Problem(message=message, hint=f'Require it as "file:{path}".', code=_CLASH_CODE)
    return None


def _path_problem(folder: Path, root: Path, path: str) -> Problem | None:
    described = _describe_path_problem(folder, root, path)
    return described and Problem(message=described[0], hint=described[1], code=_PACKAGE_CODE)


def _describe_path_problem(folder: Path, root: Path, path: str) -> tuple[str, str] | None:
    target = (folder / path).resolve()
    if not target.is_relative_to(root) or ".git" in target.relative_to(root).parts:
        return f"{path} is outside the repository {root}.", "Move it into the repository, or publish it."
    if folder.is_relative_to(target):
        return f"{path} is a folder that contains the plugin itself.", "Move the shared code into its own folder."
    if target.is_dir():
        missing = not (target / "package.json").is_file()
        return (f"{path} has no package.json.", "Add one with a name and a version.") if missing else None
    if not target.is_file():
        return f"{path} does not exist.", "Fix the path; it is relative to the package.json that contains it."
    if not path.endswith(_TARBALLS):
        return f"{path} is neither a folder nor a tarball (.tgz).", "Make a tarball with `npm pack`."
    return None


def _read_workspaces(folder: Path, package: dict[str, object], local: LocalPackages) -> dict[str, str]:
    """Name -> path of the workspaces that a package.json in ``folder`` lists."""
    listed = package.get("workspaces")
    patterns = listed.get("packages") if isinstance(listed, dict) else listed
    workspaces: dict[str, str] = {}
    for pattern in patterns if isinstance(patterns, list) else []:
        for path in _matches(folder, str(pattern).removeprefix("!"), local):
            manifest = read_json(folder / path / "package.json")
            name = str(manifest.get("name") or Path(path).name)
            if str(pattern).startswith("!"):
                workspaces = {known: place for known, place in workspaces.items() if place != path}
            elif workspaces.setdefault(name, path) != path:
                message = f"The workspaces {workspaces[name]} and {path} have the same name {name}."
                local.problems.append(
                    Problem(message=message, hint="Rename one of them.", file="package.json", code=_PACKAGE_CODE)
                )
    return workspaces


def _matches(folder: Path, pattern: str, local: LocalPackages) -> Iterator[str]:
    plain = pattern.removeprefix("./").strip("/")
    if not plain or "{" in plain or posixpath.isabs(pattern):
        message = f"The kit does not support the workspaces pattern {pattern!r}."
        local.problems.append(
            Problem(
                message=message,
                hint="List the folders, or use only * as a wildcard.",
                file="package.json",
                code=_WORKSPACE_CODE,
            )
        )
        return
    for match in sorted(folder.glob(plain)):
        path = posixpath.normpath(match.relative_to(folder).as_posix())
        if (match / "package.json").is_file() and "node_modules" not in match.parts and path != ".":
            if folder.is_relative_to(match.resolve()):
                continue
            reason = _path_problem(folder, local.root, path)
            if reason:
                local.problems.append(reason._replace(file="package.json", key="workspaces"))
            else:
                yield path


def _read_siblings(folder: Path, local: LocalPackages) -> dict[str, str]:
    """The other workspaces of the nearest package.json above that lists the plugin's folder as one."""
    for above in folder.parents:
        if not above.is_relative_to(local.root):
            break
        package = read_json(above / "package.json")
        if "workspaces" not in package:
            continue
        ignored = LocalPackages(root=local.root)
        workspaces = {name: above / path for name, path in _read_workspaces(above, package, ignored).items()}
        if any(place.resolve() == folder for place in workspaces.values()):
            others = {name: place for name, place in workspaces.items() if place.resolve() != folder}
            return {name: Path(os.path.relpath(place, folder)).as_posix() for name, place in others.items()}
    return {}
