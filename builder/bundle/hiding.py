"""First-party modules that would hide another module, or be hidden: Lambda looks in the artifact's root first."""

from __future__ import annotations

import sys
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from builder.platform.modules import PYTHON_RUNTIME_MODULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_HARMLESS: Final = frozenset({"antigravity", "idlelib", "test", "this", "turtledemo"})
"""Of the standard library, and nothing that runs in Lambda imports them."""


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
