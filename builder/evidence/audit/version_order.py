"""The order of versions, as each ecosystem defines it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SEMVER = re.compile(
    r"[v=]?(?P<numbers>\d{1,15}(?:\.\d{1,15}){0,2})(?:-(?P<before>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]*)?", re.ASCII
)

Key = tuple[object, ...]


def semver_key(version: str) -> Key | None:
    """The sort key of a semantic version (semver.org, 11), without build metadata; None for other text."""
    match = SEMVER.fullmatch(version.strip())
    if not match:
        return None
    numbers = [int(number) for number in match["numbers"].split(".")]
    numbers += [0] * (3 - len(numbers))
    if match["before"] is None:
        return (*numbers, 1, ())
    parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in match["before"].split("."))
    return (*numbers, 0, parts)


def pep440_key(version: str) -> Key | None:
    """The sort key of a Python version (PEP 440); None for other text."""
    from packaging.version import InvalidVersion, Version

    try:
        return (Version(version),)
    except InvalidVersion:
        return None


ECOSYSTEMS: dict[str, tuple[str, Callable[[str], Key | None]]] = {
    "pypi": ("PyPI", pep440_key),
    "npm": ("npm", semver_key),
    "cargo": ("crates.io", semver_key),
}
"""Type of a purl -> the ecosystem's name in OSV, and the sort key of its versions."""
