"""The difference between an old and a new lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class LockChange(Struct, frozen=True, kw_only=True):
    """One package with other versions than before; an npm package may have several at once."""

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class LockResult(Struct, frozen=True, kw_only=True):
    """A written lock.

    Attributes:
        files: What was written, the lock first; empty when the plugin has no dependencies.
        packages: The number of packages it pins.
        added: New packages.
        removed: Packages that are no longer locked.
        changed: Packages with other versions.
        rewritten: Whether the lock's text changed; addresses, hashes and format can change with equal versions.
        base: The base image of an IMAGE plugin with its digest, as ``image.lock`` pins it; empty for a ZIP.
    """

    files: tuple[Path, ...]
    packages: int
    added: tuple[LockChange, ...] = ()
    removed: tuple[LockChange, ...] = ()
    changed: tuple[LockChange, ...] = ()
    rewritten: bool = False
    base: str = ""


def compare_versions(
    before: Iterable[tuple[str, str]], after: Iterable[tuple[str, str]], files: tuple[Path, ...]
) -> LockResult:
    """The difference between two sets of (name, version)."""
    old, new = set(before), set(after)
    changes = [
        LockChange(
            name=name,
            before=tuple(sorted(version for known, version in old if known == name)),
            after=tuple(sorted(version for known, version in new if known == name)),
        )
        for name in sorted({name for name, _ in old ^ new})
    ]
    return LockResult(
        files=files,
        packages=len(new),
        added=tuple(change for change in changes if not change.before),
        removed=tuple(change for change in changes if not change.after),
        changed=tuple(change for change in changes if change.before and change.after),
    )
