"""Replaces the sha1 of packages in old locks with the sha512 of the same files.

sha1 is too weak to decide what is shipped, because two files with the same sha1 can be made. It still identifies the
file that the lock means today, so that file is fetched once, and its sha512 counts from then on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.dependencies.npm.npm_client import compute_integrity, fetch_tarballs, split_batches
from builder.dependencies.npm.package_lock import entries_for_lambda, package_of, sha512

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from builder.build_values import LockedPackage
    from builder.dependencies.npm.npm_graph import Entries

_SHA1 = re.compile(r"sha1-[A-Za-z0-9+/]{27}=")


def weak_packages(entries: Entries) -> tuple[LockedPackage, ...]:
    """The packages to ship whose only hash is a sha1, which becomes their digest."""
    weak = {
        package_of(place, entry, digest=str(entry["integrity"])): None
        for place, entry in entries_for_lambda(entries).items()
        if not sha512(entry) and _SHA1.fullmatch(str(entry.get("integrity", "")))
    }
    return tuple(weak)


def strong_hashes(packages: tuple[LockedPackage, ...], folder: Path) -> Mapping[str, str]:
    """sha1 -> the sha512 of the same file.

    Args:
        packages: From ``weak_packages``.
        folder: An empty folder for the files.

    Raises:
        DependencyError: The registry is unreachable, or has a different file.
    """
    files: dict[LockedPackage, Path] = {}
    for number, batch in enumerate(split_batches(packages)):
        files |= fetch_tarballs(batch, folder / str(number))
    return {package.digest: compute_integrity(file.read_bytes()) for package, file in files.items()}


def with_hashes(text: str, hashes: Mapping[str, str]) -> str:
    """The text of a lock with its hashes replaced and no other character changed."""
    for weak, strong in hashes.items():
        text = text.replace(f'"{weak}"', f'"{strong}"')
    return text
