"""Packages that lie in the repository: ``workspaces`` of package.json, and what it asks for by ``file:``.

They are never looked up in a registry: somebody else could publish a package of the same name there.
"""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from builder.dependencies.lock.requirements_file import repository_root
from builder.dependencies.npm.npm_graph import is_address, local_path, table
from builder.dependencies.npm.npm_ranges import parse_range, satisfies
from builder.dependencies.npm.package_json import read_json
from builder.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

FIELDS: Final = ("dependencies", "optionalDependencies", "peerDependencies", "devDependencies")
_TARBALLS: Final = (".tgz", ".tar.gz", ".tar")


@dataclass(kw_only=True, slots=True)
class LocalPackages:
    """What a plugin takes from its own repository. Paths are relative to the plugin's folder, with ``/``.

    Attributes:
        root: The repository.
        workspaces: Name -> folder, of the plugin's own ``workspaces``.
        neighbours: Name -> folder, of the workspaces of a package.json above that the plugin belongs to.
        folders: Folder -> its package.json.
        tarballs: Files that ``file:`` names.
        problems: What cannot be taken from the repository.
        addresses: What is asked for by an address, which only ``npm`` would follow.
    """

    root: Path
    workspaces: dict[str, str] = field(default_factory=dict)
    neighbours: dict[str, str] = field(default_factory=dict)
    folders: dict[str, dict[str, object]] = field(default_factory=dict)
    tarballs: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    addresses: list[Problem] = field(default_factory=list)

    @property
    def names(self) -> dict[str, str]:
        """Every name that a registry must not answer for -> the folder of its package."""
        own = {str(package["name"]): folder for folder, package in self.folders.items() if package.get("name")}
        return {**self.neighbours, **own, **self.workspaces}


def read_local_packages(folder: Path, package: dict[str, object]) -> LocalPackages:
    """Everything that package.json takes from the repository, and what those packages take from it in turn.

    Raises:
        DependencyError: A package.json cannot be read.
    """
    folder = folder.resolve()
    local = LocalPackages(root=repository_root(folder, folder))
    local.workspaces = _workspaces(folder, package, local)
    local.neighbours = _neighbours(folder, local)
    waiting = [("", package)]
    for path in local.workspaces.values():
        if path not in local.folders:
            local.folders[path] = read_json(folder / path / "package.json")
            waiting.append((path, local.folders[path]))
    while waiting:
        place, asking = waiting.pop(0)
        for kind in FIELDS:
            for name, spec in table(asking, kind).items():
                path = _take(folder, local, place, (kind, name, spec))
                if path and path not in local.folders:
                    local.folders[path] = read_json(folder / path / "package.json")
                    waiting.append((path, local.folders[path]))
    return local


def copy_packages(local: LocalPackages, folder: Path, work: Path) -> Path:
    """Copy what npm reads of the packages in a repository: each package.json, and the tarballs.

    Args:
        local: The packages.
        folder: Of the plugin.
        work: An empty folder, which stands for the repository.

    Returns:
        What stands for the plugin's folder.
    """
    home = work / folder.resolve().relative_to(local.root)
    home.mkdir(parents=True, exist_ok=True)
    for path in (*(f"{place}/package.json" for place in local.folders), *local.tarballs):
        copy = Path(posixpath.normpath((home / path).as_posix()))
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((folder / path).read_bytes())
    return home


def _take(folder: Path, local: LocalPackages, place: str, asked: tuple[str, str, str]) -> str:
    """The folder that a requirement names, if it names one; else empty. Adds tarballs and problems."""
    kind, name, spec = asked
    path = local_path(place, spec)
    if path is None:
        reason = _refused(local, name, spec)
    else:
        reason = _unusable(folder, local.root, path)
        if not reason and (folder / path).is_dir():
            return path
        if not reason and path not in local.tarballs:
            local.tarballs.append(path)
    if reason:
        file = posixpath.join(place, "package.json")
        problem = Problem(message=reason[0], hint=reason[1], file=file, key=f"{kind}.{name}")
        (local.addresses if path is None and is_address(spec) else local.problems).append(problem)
    return ""


def _refused(local: LocalPackages, name: str, spec: str) -> tuple[str, str] | None:
    from builder.dependencies.tool_failures import safe_text

    if spec.startswith("workspace:"):
        return (
            f"{name} is asked for as {safe_text(spec)}, which npm does not know.",
            'Write "*" for a workspace of npm.',
        )
    if is_address(spec):
        return (
            f"{name} is asked for by an address ({safe_text(spec)}), which names one machine and no version.",
            "Publish it to your registry and ask for a version; what lies in this repository is asked for by file:.",
        )
    path = local.workspaces.get(name)
    if path is not None:
        version = str(local.folders.get(path, {}).get("version", ""))
        if spec not in {"", "*"} and parse_range(spec) is not None and not satisfies(version, spec):
            shown = version or "without a version"
            message = f"{name}@{spec} is asked for, and the workspace {path} is {shown}: npm would ask the registry."
            return message, "Correct one of the two versions."
    elif name in local.neighbours:
        path = local.neighbours[name]
        message = f"{name} is a package of this repository ({path}), and npm would ask the registry for it."
        return message, f'Ask for it by "file:{path}".'
    return None


def _unusable(folder: Path, root: Path, path: str) -> tuple[str, str] | None:
    target = (folder / path).resolve()
    if not target.is_relative_to(root) or ".git" in target.relative_to(root).parts:
        return f"{path} lies outside of the repository {root}.", "Move it into the repository, or publish it."
    if folder.is_relative_to(target):
        return f"{path} is a folder that holds the plugin itself.", "Move what is shared into a folder of its own."
    if target.is_dir():
        missing = not (target / "package.json").is_file()
        return (f"{path} has no package.json.", "Add one with a name and a version.") if missing else None
    if not target.is_file():
        return f"{path} does not exist.", "Correct the path; it is relative to the package.json that has it."
    if not path.endswith(_TARBALLS):
        return f"{path} is neither a folder nor a tarball (.tgz).", "Make one with `npm pack`."
    return None


def _workspaces(folder: Path, package: dict[str, object], local: LocalPackages) -> dict[str, str]:
    """Name -> path of the workspaces that a package.json in ``folder`` lists."""
    listed = package.get("workspaces")
    patterns = listed.get("packages") if isinstance(listed, dict) else listed
    found: dict[str, str] = {}
    for pattern in patterns if isinstance(patterns, list) else []:
        for path in _matches(folder, str(pattern).removeprefix("!"), local):
            described = read_json(folder / path / "package.json")
            name = str(described.get("name") or Path(path).name)
            if str(pattern).startswith("!"):
                found = {known: place for known, place in found.items() if place != path}
            elif found.setdefault(name, path) != path:
                message = f"The workspaces {found[name]} and {path} have the same name {name}."
                local.problems.append(Problem(message=message, hint="Rename one of them.", file="package.json"))
    return found


def _matches(folder: Path, pattern: str, local: LocalPackages) -> Iterator[str]:
    plain = pattern.removeprefix("./").strip("/")
    if not plain or "{" in plain or posixpath.isabs(pattern):
        message = f"The kit does not read the pattern {pattern!r} of workspaces."
        local.problems.append(Problem(message=message, hint="List the folders, or use * alone.", file="package.json"))
        return
    for found in sorted(folder.glob(plain)):
        path = posixpath.normpath(found.relative_to(folder).as_posix())
        if (found / "package.json").is_file() and "node_modules" not in found.parts and path != ".":
            if folder.is_relative_to(found.resolve()):
                continue
            reason = _unusable(folder, local.root, path)
            if reason:
                local.problems.append(Problem(message=reason[0], hint=reason[1], file="package.json", key="workspaces"))
            else:
                yield path


def _neighbours(folder: Path, local: LocalPackages) -> dict[str, str]:
    """The workspaces of the nearest package.json above that has the plugin's folder among them."""
    for above in folder.parents:
        if not above.is_relative_to(local.root):
            break
        package = read_json(above / "package.json")
        if "workspaces" not in package:
            continue
        aside = LocalPackages(root=local.root)
        found = {name: above / path for name, path in _workspaces(above, package, aside).items()}
        if any(place.resolve() == folder for place in found.values()):
            others = {name: place for name, place in found.items() if place.resolve() != folder}
            return {name: Path(os.path.relpath(place, folder)).as_posix() for name, place in others.items()}
    return {}
