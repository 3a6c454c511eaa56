"""What is in the store, whether it is whole, and what may go.

A pack's modification time is the last time that a build used it (``Store.find`` sets it), so that no log has to be
written and no file system needs access times. What was used within the last hour is never pruned: a build that runs at
the same time keeps its packs. What is removed by mistake costs one download.
"""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from builder.dependencies.store.pack_store import file_sha256, read_index
from builder.errors import DependencyError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from builder.dependencies.store.pack_index import PackIndex
    from builder.dependencies.store.pack_store import Store

IN_USE_SECONDS: Final = 60 * 60
"""Longer than any build takes from finding its packs to having copied them."""

_DAY_SECONDS: Final = 24 * 60 * 60

_DIST_INFO: Final = re.compile(r"(?P<name>[^/]+)-(?P<version>[^/-]+)\.dist-info/[^/]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreEntry:
    """One pack in the store.

    Attributes:
        key: It was added under.
        file: The pack.
        size: Bytes of the pack and of what lies beside it under the same key.
        used: When a build last used it, in seconds since 1970.
        label: ``name version`` of the package, or empty when its index does not tell.
    """

    key: str
    file: Path
    size: int
    used: float
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DamagedPack:
    """A pack that no build would use, and why."""

    key: str
    file: Path
    size: int
    reason: str


def list_entries(store: Store) -> tuple[StoreEntry, ...]:
    """Every pack in the store, the one used last first.

    Raises:
        DependencyError: The store cannot be read.
    """
    rows = []
    for file in _packs(store):
        with suppress(FileNotFoundError):  # another process may prune at the same time
            size, used = _size(file), file.stat().st_mtime
            rows.append(
                StoreEntry(key=file.stem, file=file, size=size, used=used, label=_label(file, read_index(file)))
            )
    return tuple(sorted(rows, key=lambda row: (-row.used, row.key)))


def find_damaged(store: Store) -> tuple[int, tuple[DamagedPack, ...]]:
    """Hash every pack and read it strictly.

    Returns:
        How many packs there are, and those that are not what they should be.

    Raises:
        DependencyError: The store cannot be read.
    """
    count, found = 0, []
    for file in _packs(store):
        with suppress(FileNotFoundError):
            count += 1
            reason = _fault(file)
            if reason:
                found.append(DamagedPack(key=file.stem, file=file, size=_size(file), reason=reason))
    for index in sorted(store.folder.glob("packs/*/*.index")):
        if not index.with_suffix(".zip").exists():
            reason = "its index is there, the pack is not"
            found.append(DamagedPack(key=index.stem, file=index, size=_size(index), reason=reason))
    return count, tuple(found)


def select_prunable(
    rows: Iterable[StoreEntry], *, now: float, older_than_days: int | None, keep_bytes: int | None
) -> tuple[StoreEntry, ...]:
    """Which packs may go, the one unused for longest first. Pure.

    Args:
        rows: Every pack.
        now: In seconds since 1970.
        older_than_days: Packs that no build used for so many days go; None for no such rule.
        keep_bytes: Of the others so many bytes stay, those used last; None for no such rule.
    """
    by_age = sorted(rows, key=lambda row: (row.used, row.key))
    gone = [row for row in by_age if older_than_days is not None and now - row.used > older_than_days * _DAY_SECONDS]
    rest = by_age[len(gone) :]
    total = sum(row.size for row in rest)
    for row in rest:
        if keep_bytes is None or total <= keep_bytes:
            break
        gone.append(row)
        total -= row.size
    return tuple(row for row in gone if now - row.used > IN_USE_SECONDS)


def remove(packs: Iterable[StoreEntry | DamagedPack]) -> None:
    """Remove packs with everything that lies beside them; the index first, so that no build takes half of one.

    Raises:
        DependencyError: A file cannot be removed.
    """
    for pack in packs:
        try:
            for file in sorted(_beside(pack.file)):
                file.unlink(missing_ok=True)
        except OSError as error:
            message = f"{pack.file} cannot be removed from the store: {error.strerror}."
            raise DependencyError(message, hint="Ask who owns the store, or name another one.") from error


def seconds_now() -> float:
    """The time that last uses are measured by."""
    return time.time()


def _packs(store: Store) -> list[Path]:
    try:
        return sorted(store.folder.glob("packs/*/*.zip"))
    except OSError as error:
        message = f"The store of packages cannot be read: {store.folder}: {error.strerror}."
        raise DependencyError(message, hint="Check the permissions of the folder.") from error


def _beside(pack: Path) -> Iterator[Path]:
    return pack.parent.glob(f"{pack.stem}.*")


def _size(pack: Path) -> int:
    return sum(file.stat().st_size for file in _beside(pack))


def _fault(file: Path) -> str:
    from builder.archive.reader import read_members

    index, sha256 = read_index(file), file_sha256(file)
    if index is None:
        return "" if sha256 == file.stem else "it has no sound index, and its own digest is not its key"
    if (sha256, file.stat().st_size) != (index.sha256, index.size):
        return f"its sha256 is {sha256[:16]}…, should be {index.sha256[:16]}…"
    try:
        members = read_members(file)
    except VerificationError as error:
        return error.message.rstrip(".")
    return "" if members == index.members else "its index tells other files than are inside"


def _label(file: Path, index: PackIndex | None) -> str:
    """A wheel says its name in the folder of its metadata, an npm package in its package.json."""
    from builder.archive.cached_results import RESULT_NAME
    from builder.archive.reader import read_content

    members = index.members if index else ()
    if [member.path for member in members] == [RESULT_NAME]:
        return "what packages say about themselves"
    for member in members:
        found = _DIST_INFO.fullmatch(member.path)
        if found:
            return f"{found['name']} {found['version']}"
    package = next((member for member in members if member.path == "package.json"), None)
    if package is None:
        return ""
    with suppress(VerificationError, ValueError, AttributeError):
        told = json.loads(read_content(file, package))
        return f"{told.get('name', '')} {told.get('version', '')}".strip()
    return ""
