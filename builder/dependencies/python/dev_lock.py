"""``requirements-dev.lock``: what the plugin's own tests run with, on any machine, at the very versions that ship."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from builder.dependencies.lock.requirements import parse_group
from builder.dependencies.lock.requirements_lock import LOCK_NAME, preferences
from builder.dependencies.python.uv import ResolutionRequest, resolve
from builder.dependencies.python.wheels import read_pip_settings
from builder.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.dependencies.lock.requirements import Requirements
    from builder.dependencies.lock.requirements_lock import Pin
    from builder.dependencies.store.pack_store import Store
    from builder.platform.runtimes import Runtime
    from builder.progress import Progress

_LOWEST_PYTHON = re.compile(r">=\s*(3\.\d+)")
_ANSWERED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+) ;(?P<marker>[^\\\n]+)", re.MULTILINE)
_HEADER = (
    "# Made by `biot-plugin lock`; do not edit. For the plugin's own tests: every platform, "
    f"and the versions of {LOCK_NAME} where both have a package.\n"
)


def dev_question(
    pyproject: Mapping[str, object], requirements: Requirements, runtime: Runtime, keep: str
) -> ResolutionRequest | None:
    """What uv is asked for the tests' lock, or None when there is no dependency group ``dev``.

    Args:
        pyproject: ``pyproject.toml``, parsed.
        requirements: What the plugin needs when it runs.
        runtime: The manifest's.
        keep: The present lock, whose versions stay where they still fit.

    Raises:
        DependencyError: The group cannot be read.
    """
    group = _dev_group(pyproject)
    if not group:
        return None
    project = pyproject.get("project")
    lowest = _LOWEST_PYTHON.search(str(project.get("requires-python", ""))) if isinstance(project, dict) else None
    return ResolutionRequest(
        wanted=tuple(sorted({*requirements.wanted, *parse_group(group, "pyproject.toml", "dependency-groups.dev")})),
        constraints=requirements.constraints,
        keep=keep,
        runtime=runtime,
        universal=True,
        python=lowest[1] if lowest is not None else "",
    )


def make_dev_lock(question: ResolutionRequest, pins: tuple[Pin, ...], store: Store, progress: Progress) -> str:
    """The text of the tests' lock.

    It starts at the project's lowest Python, with the versions that ship. Where one of those does not install there,
    Pythons below the runtime's get the newest release that does; where there is none, the lock starts at the runtime's.

    Args:
        question: As ``dev_question`` made it.
        pins: What ships.
        store: For uv's files.
        progress: Told which releases differ from what ships.

    Raises:
        DependencyError: No set of versions satisfies all of them.
    """
    exactly = _constrained(question, preferences(pins).splitlines())
    with store.work() as folder:
        pip = read_pip_settings(folder)
        try:
            return _HEADER + resolve(exactly, folder, pip)
        except DependencyError:
            if not question.python:
                raise
        try:
            answer = resolve(_constrained(question, _at_most(pins, question.runtime)), folder, pip)
        except DependencyError:
            answer = resolve(replace(exactly, python=""), folder, pip)
            progress.note(_only_newer_pythons(question))
        else:
            for note in _older_releases(answer, pins):
                progress.note(note)
    return _HEADER + answer


def _constrained(question: ResolutionRequest, lines: list[str]) -> ResolutionRequest:
    return replace(question, constraints=(*question.constraints, *lines))


def _at_most(pins: tuple[Pin, ...], runtime: Runtime) -> list[str]:
    """What ships as an upper bound, instead of exactly, for Pythons below the runtime's."""
    below, above = (f"python_full_version {sign} '{runtime.version}'" for sign in ("<", ">="))
    return [
        f"{pin.name}{sign}{pin.version} ; {marker}" for pin in pins for sign, marker in (("<=", below), ("==", above))
    ]


def _older_releases(answer: str, pins: tuple[Pin, ...]) -> list[str]:
    """One sentence for each package whose tests run with another release than the one that ships."""
    ships = {pin.name: pin.version for pin in pins}
    return [
        f"Where {line['marker'].strip()}, tests run with {line['name']} {line['version']}; "
        f"{line['name']} {ships[line['name']]} ships, which does not install there."
        for line in _ANSWERED.finditer(answer)
        if ships.get(line["name"], line["version"]) != line["version"]
    ]


def _only_newer_pythons(question: ResolutionRequest) -> str:
    version = question.runtime.version
    return (
        f"requirements-dev.lock is for Python {version} and later: what ships on {question.runtime.name} "
        f"has no release for Python {question.python}. Run tox with Python {version}: "
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
        msg = f"pyproject.toml: dependency-groups.dev cannot be read: {error}."
        raise DependencyError(msg, hint='It is a list of requirements and of {include-group = "NAME"}.') from error
