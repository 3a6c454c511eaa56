"""What an import on Lambda finds.

The artifact's root comes first, so first-party modules may hide others or be hidden. ``.pth`` files are never read,
because the root is on ``sys.path`` and is no site folder.
"""

from __future__ import annotations

import sys
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from builder.errors import Problem, Severity
from builder.platform.modules import PYTHON_RUNTIME_MODULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from builder.values import Entry

_HARMLESS: Final = frozenset({"antigravity", "idlelib", "test", "this", "turtledemo"})
"""Of the standard library, and nothing that runs in Lambda imports them."""


_IDLE_WITHOUT_HARM: Final = frozenset({"distutils-precedence.pth"})
"""Of setuptools: it only matters to programs that build packages."""


class Kind(Enum):
    """What the import system finds under a top-level name."""

    MODULE = auto()
    PACKAGE = auto()
    NAMESPACE = auto()


def top_level(paths: Iterable[str]) -> dict[str, set[Kind]]:
    """Every name that Python can import from a tree, with what it is."""
    found: dict[str, set[Kind]] = {}
    for path in paths:
        if not path.endswith((".py", ".so")):
            continue
        first, _, rest = path.partition("/")
        if not rest:
            name, kind = first.partition(".")[0], Kind.MODULE
        else:
            name, kind = first, Kind.PACKAGE if rest.partition(".")[0] == "__init__" else Kind.NAMESPACE
        if name.isidentifier():
            found.setdefault(name, set()).add(kind)
    return found


def hides_runtime(own: Mapping[str, set[Kind]]) -> list[str]:
    """First-party names that belong to the standard library or to Lambda's own client; folders of data hide nothing."""
    reserved = (sys.stdlib_module_names - _HARMLESS) | PYTHON_RUNTIME_MODULES
    return sorted(name for name, kinds in own.items() if name in reserved and kinds != {Kind.NAMESPACE})


def collide(own: set[Kind], package: set[Kind]) -> bool:
    """Whether only one of two trees can be imported under a name that both have.

    A module and a folder never live together; two regular packages have one ``__init__`` between them; anything else
    merges, as namespace packages do.
    """
    return Kind.MODULE in own | package or (Kind.PACKAGE in own and Kind.PACKAGE in package)


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
