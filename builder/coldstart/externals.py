"""npm packages that stay as they are when the rest becomes one file: native code, and whatever leads to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MODULES: Final = "node_modules/"
_NATIVE: Final = (".node", ".so")


def package_of(path: str) -> str:
    """The name of the npm package that a path of the artifact belongs to; empty for the plugin's own files."""
    _, found, rest = path.rpartition(MODULES)
    if not found:
        return ""
    parts = rest.split("/")
    return "/".join(parts[:2]) if rest.startswith("@") else parts[0]


def native_packages(paths: Iterable[str]) -> frozenset[str]:
    """Names of the packages that hold native code."""
    return frozenset(package_of(path) for path in paths if path.endswith(_NATIVE) or ".so." in path) - {""}


def external_packages(natives: frozenset[str], asks: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The packages to leave alone: those that lead to native code, and everything that they ask for.

    Args:
        natives: Names of packages that hold native code.
        asks: Each package's name with the names it depends on, in any way.
    """
    leading = set(natives)
    while more := {name for name, wanted in asks.items() if name not in leading and wanted & leading}:
        leading |= more
    kept = set(leading)
    while more := {wanted for name in kept for wanted in asks.get(name, frozenset())} - kept:
        kept |= more
    return frozenset(kept & asks.keys())
