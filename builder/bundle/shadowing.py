"""What an import on Lambda finds.

The artifact's root comes first, so first-party modules may hide others or be hidden. ``.pth`` files are never read,
because the root is on ``sys.path`` and is no site folder.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from builder.errors import Problem, Severity
from builder.manifest.text.toml_snippet import snippet
from builder.platform.lambda_modules import PYTHON_RUNTIME_MODULES, standard_library

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from builder.build_values import Entry

_HARMLESS: Final = frozenset({"antigravity", "idlelib", "test", "this", "turtledemo"})
"""Of the standard library, and nothing that runs in Lambda imports them."""


_REPUBLISHED: Final = {"simplejson": "simplejson", "snapshot_restore_py": "snapshot-restore-py"}
"""Modules of Lambda's client that are packages of their own -> the package, which may well be newer."""

_PYTHON: Final = "python"
"""Stands for the runtime's own modules in ``[build.prefer]``."""

_IDLE_WITHOUT_HARM: Final = frozenset({"distutils-precedence.pth"})
"""Of setuptools: it only matters to programs that build packages."""


class ModuleKind(Enum):
    """What the import system finds under a top-level name."""

    MODULE = auto()
    PACKAGE = auto()
    NAMESPACE = auto()


def top_level_modules(paths: Iterable[str]) -> dict[str, set[ModuleKind]]:
    """Every name that Python can import from a tree, with what it is."""
    found: dict[str, set[ModuleKind]] = {}
    for path in paths:
        if not path.endswith((".py", ".so")):
            continue
        first, _, rest = path.partition("/")
        if not rest:
            name, kind = first.partition(".")[0], ModuleKind.MODULE
        else:
            name, kind = first, ModuleKind.PACKAGE if rest.partition(".")[0] == "__init__" else ModuleKind.NAMESPACE
        if name.isidentifier():
            found.setdefault(name, set()).add(kind)
    return found


def module_of(path: str) -> str:
    """The top-level name that a path belongs to."""
    return path.partition("/")[0].partition(".")[0]


def shadowed_runtime_modules(names: Mapping[str, set[ModuleKind]], version: str) -> list[str]:
    """Names that belong to the runtime's standard library or to Lambda's own client; folders of data hide nothing.

    Args:
        names: Of the plugin or of packages, from ``top_level_modules``.
        version: Of the runtime's Python, such as ``3.13``.
    """
    reserved = (standard_library(version) - _HARMLESS) | PYTHON_RUNTIME_MODULES
    return sorted(name for name, kinds in names.items() if name in reserved and kinds != {ModuleKind.NAMESPACE})


def resolve_shadowing(
    foreign: Sequence[Entry], prefer: Mapping[str, str], version: str
) -> tuple[list[Entry], list[Problem]]:
    """Keep packages from hiding modules of the runtime: one that the manifest does not decide on is a problem.

    Where packages are installed, Python finds its own modules first; on Lambda it finds the artifact's first.

    Args:
        foreign: Everything that the packages bring.
        prefer: The manifest's choices: name of a module -> ``python``, or the package whose module is meant.
        version: Of the runtime's Python.

    Returns:
        The entries without the modules that give way to Python's, and the problems.
    """
    dropped: set[str] = set()
    problems = []
    for name in shadowed_runtime_modules(top_level_modules(entry.path for entry in foreign), version):
        owners = sorted({entry.owner for entry in foreign if _is_of(entry.path, name)})
        chosen = normal_name(prefer.get(name, _REPUBLISHED.get(name, "")))
        if chosen == _PYTHON:
            dropped.add(name)
        elif any(normal_name(owner.rpartition(" ")[0]) != chosen for owner in owners):
            problems.append(_hidden_by_package(name, owners))
    kept = [entry for entry in foreign if not any(_is_of(entry.path, name) for name in dropped)] if dropped else foreign
    return list(kept), problems


def normal_name(name: str) -> str:
    """A name as PEP 503 compares them: ``backports.tarfile`` and ``backports-tarfile`` are one package."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_of(path: str, module: str) -> bool:
    """Whether a path is the module, or lies in it."""
    return path.startswith(f"{module}/") or (path.startswith(f"{module}.") and path.endswith((".py", ".so", ".pyi")))


def _hidden_by_package(module: str, owners: Sequence[str]) -> Problem:
    whose = "Lambda" if module in PYTHON_RUNTIME_MODULES else "Python"
    names = ", ".join(owner.rpartition(" ")[0] for owner in owners)
    return Problem(
        message=f"{', '.join(owners)} has a module {module!r} that replaces {whose}'s own: packages come first there.",
        hint=f"Remove {names} from the dependencies. If another package asks for it, add this to plugin.toml: "
        f"the module is left out, and {whose}'s own is used.",
        setting=snippet("build.prefer", module, _PYTHON),
    )


def modules_collide(own: set[ModuleKind], package: set[ModuleKind]) -> bool:
    """Whether only one of two trees can be imported under a name that both have.

    A module and a folder never live together; two regular packages have one ``__init__`` between them; anything else
    merges, as namespace packages do.
    """
    return ModuleKind.MODULE in own | package or (ModuleKind.PACKAGE in own and ModuleKind.PACKAGE in package)


def path_file_warnings(entries: Iterable[Entry]) -> tuple[Problem, ...]:
    """A warning for each ``.pth`` file of a package: the paths it adds and the code it runs are missing on Lambda.

    Source: Python's ``site`` module, which reads such files in site folders only; Lambda puts ``/var/task`` on
    ``sys.path`` without it.
    """
    return tuple(
        Problem(
            message=f"{entry.path} of {entry.owner or 'the plugin'} does nothing on Lambda: Python reads .pth "
            "files in site folders only.",
            hint="Import or call in the handler what it would have loaded; if the package works without, leave it.",
            severity=Severity.WARNING,
        )
        for entry in entries
        if entry.path.endswith(".pth") and "/" not in entry.path and entry.path not in _IDLE_WITHOUT_HARM
    )
