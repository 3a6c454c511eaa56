"""``requirements-dev.lock``: what the plugin's own tests run with, on any machine, at the very versions that ship."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from builder.dependencies.lock_file import LOCK_NAME, preferences
from builder.dependencies.requirements import parse_group
from builder.dependencies.uv import Question, resolve
from builder.dependencies.wheels import read_pip_settings
from builder.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.dependencies.lock_file import Pin
    from builder.dependencies.requirements import Requirements
    from builder.dependencies.store import Store
    from builder.platform.runtimes import Runtime
    from builder.progress import Progress

_LOWEST_PYTHON = re.compile(r">=\s*(3\.\d+)")
_HEADER = (
    "# Made by `biot-plugin lock`; do not edit. For the plugin's own tests: every platform, "
    f"and the versions of {LOCK_NAME} where both have a package.\n"
)


def dev_question(
    pyproject: Mapping[str, object], requirements: Requirements, pins: tuple[Pin, ...], runtime: Runtime, keep: str
) -> Question | None:
    """What uv is asked for the tests' lock, or None when there is no dependency group ``dev``.

    Args:
        pyproject: ``pyproject.toml``, parsed.
        requirements: What the plugin needs when it runs.
        pins: What ships; the tests get the same versions.
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
    return Question(
        wanted=tuple(sorted({*requirements.wanted, *parse_group(group, "pyproject.toml", "dependency-groups.dev")})),
        constraints=(*requirements.constraints, *preferences(pins).splitlines()),
        keep=keep,
        runtime=runtime,
        universal=True,
        python=lowest[1] if lowest is not None else "",
    )


def make_dev_lock(question: Question, store: Store, progress: Progress) -> str:
    """The text of the tests' lock.

    It starts at the project's lowest Python. Where what ships has no release for that one, it starts at the runtime's.

    Raises:
        DependencyError: No set of versions satisfies all of them.
    """
    with store.work() as folder:
        pip = read_pip_settings(folder)
        try:
            return _HEADER + resolve(question, folder, pip)
        except DependencyError:
            if not question.python:
                raise
        answer = resolve(replace(question, python=""), folder, pip)
    version = question.runtime.version
    progress.note(
        f"requirements-dev.lock is for Python {version} and later: what ships on {question.runtime.name} "
        f"does not install on Python {question.python}. Run tox with that one: `python{version} -m pip install tox`, "
        f"then `python{version} -m tox`."
    )
    return _HEADER + answer


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
