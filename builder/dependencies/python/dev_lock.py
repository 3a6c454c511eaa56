"""``requirements-dev.lock``: the packages of the plugin's own tests, for any machine, with the versions that ship."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from builder.dependencies.lock.requirements import parse_group
from builder.dependencies.lock.requirements_lock import LOCK_NAME, pinned_versions
from builder.dependencies.python.pip_client import read_pip_settings
from builder.dependencies.python.uv import ResolutionRequest, resolve
from builder.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.dependencies.lock.requirements import Requirements
    from builder.dependencies.lock.requirements_lock import Pin
    from builder.dependencies.store.pack_store import Store
    from builder.platform.runtimes import Runtime
    from builder.progress import Progress

_LOWEST_PYTHON = re.compile(r">=\s*(3\.\d+)")
_CONDITIONAL_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+) ;(?P<marker>[^\\\n]+)", re.MULTILINE)
_HEADER = (
    "# Made by `biot-plugin lock`; do not edit. For the plugin's own tests: every platform, "
    f"and the versions of {LOCK_NAME} where both have a package.\n"
)


def read_dev_request(
    pyproject: Mapping[str, object], requirements: Requirements, runtime: Runtime, preferences: str
) -> ResolutionRequest | None:
    """What uv resolves for the tests' lock; None when there is no dependency group ``dev``.

    Args:
        pyproject: ``pyproject.toml``, parsed.
        requirements: Of the plugin at run time.
        runtime: The manifest's.
        preferences: The current lock, whose versions stay where they still fit.

    Raises:
        DependencyError: The group cannot be read.
    """
    group = _dev_group(pyproject)
    if not group:
        return None
    project = pyproject.get("project")
    lowest = _LOWEST_PYTHON.search(str(project.get("requires-python", ""))) if isinstance(project, dict) else None
    return ResolutionRequest(
        requirements=tuple(
            sorted({*requirements.direct, *parse_group(group, "pyproject.toml", "dependency-groups.dev")})
        ),
        constraints=requirements.constraints,
        preferences=preferences,
        runtime=runtime,
        universal=True,
        lowest_python=lowest[1] if lowest is not None else "",
    )


def make_dev_lock(request: ResolutionRequest, pins: tuple[Pin, ...], store: Store, progress: Progress) -> str:
    """The text of the tests' lock.

    It starts at the project's lowest Python, with the versions that ship. Where one of those does not install there,
    Pythons below the runtime's get the newest release that does. Without such a release, the lock starts at the
    runtime's Python.

    Args:
        request: From ``read_dev_request``.
        pins: Of the packages that ship.
        store: For uv's files.
        progress: Receives the releases that differ from what ships.

    Raises:
        DependencyError: No set of versions satisfies all of them.
    """
    exactly = _constrained(request, pinned_versions(pins).splitlines())
    with store.work_folder() as folder:
        pip = read_pip_settings(folder)
        try:
            return _HEADER + resolve(exactly, folder, pip)
        except DependencyError:
            if not request.lowest_python:
                raise
        try:
            resolution = resolve(_constrained(request, _at_most(pins, request.runtime)), folder, pip)
        except DependencyError:
            resolution = resolve(replace(exactly, lowest_python=""), folder, pip)
            progress.note(_only_newer_pythons(request))
        else:
            for note in _older_releases(resolution, pins):
                progress.note(note)
    return _HEADER + resolution


def _constrained(request: ResolutionRequest, lines: list[str]) -> ResolutionRequest:
    return replace(request, constraints=(*request.constraints, *lines))


def _at_most(pins: tuple[Pin, ...], runtime: Runtime) -> list[str]:
    """The pins as upper bounds instead of exact versions for Pythons below the runtime's."""
    below, above = (f"python_full_version {sign} '{runtime.version}'" for sign in ("<", ">="))
    return [
        f"{pin.name}{sign}{pin.version} ; {marker}" for pin in pins for sign, marker in (("<=", below), ("==", above))
    ]


def _older_releases(resolution: str, pins: tuple[Pin, ...]) -> list[str]:
    """One sentence for each package whose release in tests differs from the one that ships."""
    ships = {pin.name: pin.version for pin in pins}
    return [
        f"If {line['marker'].strip()}, tests run with {line['name']} {line['version']}; "
        f"{line['name']} {ships[line['name']]}, which ships, does not install there."
        for line in _CONDITIONAL_PIN.finditer(resolution)
        if ships.get(line["name"], line["version"]) != line["version"]
    ]


def _only_newer_pythons(request: ResolutionRequest) -> str:
    version = request.runtime.version
    return (
        f"requirements-dev.lock is for Python {version} and later: packages that ship on {request.runtime.name} "
        f"have no release for Python {request.lowest_python}. Run tox with Python {version}: "
        f"`python{version} -m pip install tox`, then `python{version} -m tox`."
    )


def _dev_group(pyproject: Mapping[str, object]) -> list[str]:
    groups = pyproject.get("dependency-groups")
    if not isinstance(groups, dict) or "dev" not in groups:
        return []
    from packaging.dependency_groups import resolve_dependency_groups

    try:
        return list(resolve_dependency_groups(groups, "dev"))
    except (ValueError, TypeError, LookupError, ExceptionGroup) as error:
        message = f"pyproject.toml: dependency-groups.dev is not valid: {error}."
        hint = 'It must be a list of requirements and of {include-group = "NAME"}.'
        raise DependencyError(message, hint=hint) from error
