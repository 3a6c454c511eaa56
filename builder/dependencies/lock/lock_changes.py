"""What making the lock anew changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class LockChange:
    """One package at other versions than before; several versions of one npm package stand side by side."""

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LockResult:
    """A written lock.

    Attributes:
        files: What was written, the lock first; empty when the plugin has no dependencies.
        packages: How many packages it pins.
        added: Packages that were not there before.
        removed: Packages that are no longer there.
        changed: Packages at other versions.
        rewritten: Whether the lock's text changed at all: addresses, hashes and format may, at the same versions.
    """

    files: tuple[Path, ...]
    packages: int
    added: tuple[LockChange, ...] = ()
    removed: tuple[LockChange, ...] = ()
    changed: tuple[LockChange, ...] = ()
    rewritten: bool = False


def compare_versions(
    before: Iterable[tuple[str, str]], after: Iterable[tuple[str, str]], files: tuple[Path, ...]
) -> LockResult:
    """The difference between two sets of (name, version)."""
    was, now = set(before), set(after)
    changes = [
        LockChange(
            name=name,
            before=tuple(sorted(version for known, version in was if known == name)),
            after=tuple(sorted(version for known, version in now if known == name)),
        )
        for name in sorted({name for name, _ in was ^ now})
    ]
    return LockResult(
        files=files,
        packages=len(now),
        added=tuple(change for change in changes if not change.before),
        removed=tuple(change for change in changes if not change.after),
        changed=tuple(change for change in changes if change.before and change.after),
    )
