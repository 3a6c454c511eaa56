"""Modules that hide others: which one an import on Lambda finds.

Python on Lambda searches the artifact's root first, so its modules may hide those of Python and
Lambda. ``.pth`` files have no effect, because the root is on ``sys.path`` but is not a site folder.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from builder.errors import Problem, Severity
from builder.manifest.text.toml_snippet import snippet
from builder.platform.lambda_modules import PYTHON_RUNTIME_MODULES, standard_library
from builder.platform.package_names import normalized_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from builder.build_values import Entry

_HARMLESS: Final = frozenset({"antigravity", "idlelib", "test", "this", "turtledemo"})
"""Modules of the standard library that nothing on Lambda imports."""


_REPUBLISHED: Final = {"simplejson": "simplejson", "snapshot_restore_py": "snapshot-restore-py"}
"""Modules of Lambda's runtime client that are also published as packages -> the package, which may
be newer."""

_PYTHON: Final = "python"
"""Means the runtime's own modules in ``[build.prefer]``."""

_IDLE_WITHOUT_HARM: Final = frozenset({"distutils-precedence.pth"})
"""From setuptools: it only matters to programs that build packages."""


class ModuleKind(Enum):
    """What the import system finds under a top-level name."""

    MODULE = auto()
    PACKAGE = auto()
    NAMESPACE = auto()


def top_level_modules(paths: Iterable[str]) -> dict[str, set[ModuleKind]]:
    """Every name that Python can import from a tree, with the kinds of its files."""
    modules: dict[str, set[ModuleKind]] = {}
    for path in paths:
        if not path.endswith((".py", ".so")):
            continue
        first, _, rest = path.partition("/")
        if not rest:
            name, kind = first.partition(".")[0], ModuleKind.MODULE
        else:
            name, kind = first, ModuleKind.PACKAGE if rest.partition(".")[0] == "__init__" else ModuleKind.NAMESPACE
        if name.isidentifier():
            modules.setdefault(name, set()).add(kind)
    return modules


def module_of(path: str) -> str:
    """The top-level name that a path belongs to."""
    return path.partition("/")[0].partition(".")[0]


def shadowed_runtime_modules(modules: Mapping[str, set[ModuleKind]], version: str) -> list[str]:
    """Names that hide a module of the runtime's standard library or of Lambda's client. Folders of data hide nothing.

    Args:
        modules: The modules of the plugin or of packages, from ``top_level_modules``.
        version: Of the runtime's Python, such as ``3.13``.
    """
    reserved = (standard_library(version) - _HARMLESS) | PYTHON_RUNTIME_MODULES
    return sorted(name for name, kinds in modules.items() if name in reserved and kinds != {ModuleKind.NAMESPACE})


def resolve_shadowing(
    package_entries: Sequence[Entry],
    modules: Mapping[str, set[ModuleKind]],
    prefer: Mapping[str, str],
    version: str,
) -> tuple[list[Entry], list[Problem]]:
    """Decide about packages that hide modules of the runtime, as the manifest says.

    In an ordinary installation Python finds its own modules first; on Lambda it finds the
    artifact's modules first.

    Args:
        package_entries: All files of the packages.
        modules: Their modules, from ``top_level_modules``.
        prefer: ``[build.prefer]``: name of a module -> ``python``, or the package whose module to
            use.
        version: Of the runtime's Python.

    Returns:
        The entries without the modules that the manifest drops, and a problem for each module that
        it does not mention.
    """
    dropped: set[str] = set()
    problems = []
    for name in shadowed_runtime_modules(modules, version):
        owners = sorted({entry.owner for entry in package_entries if _belongs_to(entry.path, name)})
        preferred = normalized_name(prefer.get(name, _REPUBLISHED.get(name, "")))
        if preferred == _PYTHON:
            dropped.add(name)
        elif any(normalized_name(owner.rpartition(" ")[0]) != preferred for owner in owners):
            problems.append(_hidden_by_package(name, owners))
    if dropped:
        package_entries = [
            entry for entry in package_entries if not any(_belongs_to(entry.path, name) for name in dropped)
        ]
    return list(package_entries), problems


def _belongs_to(path: str, module: str) -> bool:
    """Whether a file is the module, or lies in it."""
    return path.startswith(f"{module}/") or (path.startswith(f"{module}.") and path.endswith((".py", ".so", ".pyi")))


def _hidden_by_package(module: str, owners: Sequence[str]) -> Problem:
    system = "Lambda" if module in PYTHON_RUNTIME_MODULES else "Python"
    names = ", ".join(owner.rpartition(" ")[0] for owner in owners)
    return Problem(
        message=f"The module {module!r} of {', '.join(owners)} hides the one of {system}, "
        "because Lambda searches packages first.",
        hint=f"Remove {names} from the dependencies. If another package requires it, add this to plugin.toml: "
        f"then the artifact does not contain the module, and the one of {system} is used.",
        setting=snippet("build.prefer", module, _PYTHON),
        code="hidden-module",
    )


def modules_collide(own: set[ModuleKind], package: set[ModuleKind]) -> bool:
    """Whether Python can import only one of two modules with the same name.

    A module and a folder cannot share a name, and two regular packages cannot share one
    ``__init__``. Everything else merges, as namespace packages do.
    """
    return ModuleKind.MODULE in own | package or (ModuleKind.PACKAGE in own and ModuleKind.PACKAGE in package)


def path_file_warnings(entries: Iterable[Entry]) -> tuple[Problem, ...]:
    """A warning for each ``.pth`` file of a package: Lambda neither adds its paths nor runs its code.

    Source: Python's ``site`` module, which reads such files in site folders only. Lambda puts
    ``/var/task`` on ``sys.path`` without that module.
    """
    return tuple(
        Problem(
            message=f"{entry.path} of {entry.owner or 'the plugin'} has no effect on Lambda: Python reads .pth "
            "files in site folders only.",
            hint="If the package needs it, import or call in the handler what the file would have loaded.",
            code="path-file",
            severity=Severity.WARNING,
        )
        for entry in entries
        if entry.path.endswith(".pth") and "/" not in entry.path and entry.path not in _IDLE_WITHOUT_HARM
    )
