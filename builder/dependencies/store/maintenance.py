"""Lists the packs and layers in the store, finds damaged ones, and selects which ones to prune.

A pack's modification time is the last time a build used it (``Store.find`` sets it), so the store needs no log and no
access times of the file system. What was used within the last hour is never pruned, so that a build at the same time
keeps its packs. A pack that is removed by mistake costs one download.
"""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from builder.dependencies.store.layer_store import LAYERS, layer_label, read_layer
from builder.dependencies.store.pack_store import file_sha256, read_index
from builder.errors import DependencyError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from builder.dependencies.store.pack_index import PackIndex
    from builder.dependencies.store.pack_store import Store

IN_USE_SECONDS: Final = 60 * 60
"""Longer than any build takes from finding its packs to copying them."""

_LAYER: Final = ".gz"
_DAY_SECONDS: Final = 24 * 60 * 60

_DIST_INFO: Final = re.compile(r"(?P<name>[^/]+)-(?P<version>[^/-]+)\.dist-info/[^/]+")


class StoreEntry(Struct, frozen=True, kw_only=True):
    """One pack or layer in the store.

    Attributes:
        key: Hex key it was added under.
        file: The pack.
        size: Bytes of the pack and of the files beside it with the same key.
        used: When a build last used it, in seconds since 1970.
        label: ``name version`` of the package; empty when its index does not say.
    """

    key: str
    file: Path
    size: int
    used: float
    label: str


class DamagedPack(Struct, frozen=True, kw_only=True):
    """A pack that no build would use, with the reason."""

    key: str
    file: Path
    size: int
    reason: str


def list_entries(store: Store) -> tuple[StoreEntry, ...]:
    """Every pack in the store, the most recently used first.

    Raises:
        DependencyError: The store is unreadable.
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
        The number of packs, and the damaged ones.

    Raises:
        DependencyError: The store is unreadable.
    """
    count, damaged = 0, []
    for file in _packs(store):
        with suppress(FileNotFoundError):
            count += 1
            reason = _damage(file)
            if reason:
                damaged.append(DamagedPack(key=file.stem, file=file, size=_size(file), reason=reason))
    for index in sorted(store.folder.glob("packs/*/*.index")):
        if not index.with_suffix(".zip").exists():
            reason = "its index exists, but the pack is missing"
            damaged.append(DamagedPack(key=index.stem, file=index, size=_size(index), reason=reason))
    return count, tuple(damaged)


def select_prunable(
    entries: Iterable[StoreEntry], *, now: float, older_than_days: int | None, keep_bytes: int | None
) -> tuple[StoreEntry, ...]:
    """The packs to remove, the least recently used first. Pure.

    Args:
        entries: Every pack.
        now: In seconds since 1970.
        older_than_days: Removes packs that no build used for this many days; None for no limit.
        keep_bytes: Of the other packs keeps this many bytes, the most recently used; None for no limit.
    """
    by_age = sorted(entries, key=lambda entry: (entry.used, entry.key))
    limit = None if older_than_days is None else older_than_days * _DAY_SECONDS
    selected = [entry for entry in by_age if limit is not None and now - entry.used > limit]
    rest = by_age[len(selected) :]
    total = sum(entry.size for entry in rest)
    for entry in rest:
        if keep_bytes is None or total <= keep_bytes:
            break
        selected.append(entry)
        total -= entry.size
    return tuple(entry for entry in selected if now - entry.used > IN_USE_SECONDS)


def remove(packs: Iterable[StoreEntry | DamagedPack]) -> None:
    """Remove packs with the files beside them; the index first, so that no build uses an incomplete pack.

    Raises:
        DependencyError: A file cannot be removed.
    """
    for pack in packs:
        try:
            for file in sorted(_beside(pack.file)):
                file.unlink(missing_ok=True)
        except OSError as error:
            message = f"{pack.file} cannot be removed from the store: {error.strerror}."
            raise DependencyError(message, hint="Check the permissions of the store, or use another one.") from error


def seconds_now() -> float:
    """The current time, in seconds since 1970."""
    return time.time()


def _packs(store: Store) -> list[Path]:
    try:
        return sorted([*store.folder.glob("packs/*/*.zip"), *store.folder.glob(f"{LAYERS}/*/*.gz")])
    except OSError as error:
        message = f"The package store {store.folder} is unreadable: {error.strerror}."
        raise DependencyError(message, hint="Check the permissions of the folder.") from error


def _beside(pack: Path) -> Iterator[Path]:
    return pack.parent.glob(f"{pack.stem}.*")


def _size(pack: Path) -> int:
    return sum(file.stat().st_size for file in _beside(pack))


def _damage(file: Path) -> str:
    from builder.archive.reader import read_members

    if file.suffix == _LAYER:
        layer = read_layer(file)
        return "" if layer and f"sha256:{file_sha256(file)}" == layer.descriptor.digest else "its digest is wrong"
    index, sha256 = read_index(file), file_sha256(file)
    if index is None:
        return "" if sha256 == file.stem else "it has no valid index, and its digest is not its key"
    if (sha256, file.stat().st_size) != (index.sha256, index.size):
        return f"its sha256 is {sha256[:16]}…, but should be {index.sha256[:16]}…"
    try:
        members = read_members(file)
    except VerificationError as error:
        return error.message.rstrip(".")
    return "" if members == index.members else "its index lists other files than it contains"


def _label(file: Path, index: PackIndex | None) -> str:
    """The name and version in a wheel's metadata folder, or in an npm package's package.json."""
    from builder.archive.cached_results import RESULT_NAME
    from builder.archive.reader import read_content

    if file.suffix == _LAYER:
        return layer_label(file)
    members = index.members if index else ()
    if [member.path for member in members] == [RESULT_NAME]:
        return "package metadata"
    for member in members:
        match = _DIST_INFO.fullmatch(member.path)
        if match:
            return f"{match['name']} {match['version']}"
    package = next((member for member in members if member.path == "package.json"), None)
    if package is None:
        return ""
    with suppress(VerificationError, ValueError, AttributeError):
        document = json.loads(read_content(file, package))
        return f"{document.get('name', '')} {document.get('version', '')}".strip()
    return ""
