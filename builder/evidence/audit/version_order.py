"""Which of two versions is the newer one, as each ecosystem itself decides it."""

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
    """What semantic versions are compared by (semver.org, 11), None when it is none; build metadata does not count."""
    found = SEMVER.fullmatch(version.strip())
    if not found:
        return None
    numbers = [int(number) for number in found["numbers"].split(".")]
    numbers += [0] * (3 - len(numbers))
    if found["before"] is None:
        return (*numbers, 1, ())
    parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in found["before"].split("."))
    return (*numbers, 0, parts)


def pep440_key(version: str) -> Key | None:
    """What Python's versions are compared by (PEP 440), None when it is none."""
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
"""Type of a purl -> name in OSV, and what versions are compared by."""
