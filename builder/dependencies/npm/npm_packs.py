"""Turns locked npm packages into packs: each tarball of the registry or the repository becomes a ZIP once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from builder.build_values import Lock, LockedPackage, Pack
from builder.dependencies.npm.package_lock import LOCK_NAME
from builder.errors import DependencyError, PackagingError
from builder.host.fingerprint import code_digest

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from builder.dependencies.store.pack_store import Store
    from builder.progress import Progress

PACKING_CODE = (
    "archive/",
    "dependencies/npm/npm_packs.py",
    "dependencies/npm/tarball.py",
    "errors.py",
    "quoting.py",
    "build_values.py",
)
"""The code that turns tarballs into packs. Not the whole kit, because each package would have to be fetched again."""
_PROCESSES = 2


def collect(lock: Lock, store: Store, progress: Progress) -> tuple[Pack, ...]:
    """Every locked package as a pack; a missing or damaged one is fetched and created again.

    Raises:
        DependencyError: A package is unavailable, or its tarball is not one that npm would make.
    """
    if not lock.packages:
        return ()
    from builder.archive.compression import compressor as name_compressor

    compressor = name_compressor()
    packs = {package: _find(package, compressor, store) for package in lock.packages}
    for package in lock.packages:
        if package.tarball and packs[package] is None:
            packs[package] = _pack_of_repository(package, compressor, store)
    absent = tuple(package for package, pack in packs.items() if pack is None)
    if absent:
        packs |= {pack.package: pack for pack in _fetch(absent, compressor, store, progress)}
    return tuple(pack for pack in packs.values() if pack is not None)


def pack_key(integrity: str, compressor: str) -> str:
    """The store's key of a package: a digest of its integrity, the code that makes the ZIP, and the compressor."""
    return hashlib.sha256(f"npm {code_digest(*PACKING_CODE)}\n{integrity}\n{compressor}\n".encode()).hexdigest()


def _fetch(packages: tuple[LockedPackage, ...], compressor: str, store: Store, progress: Progress) -> tuple[Pack, ...]:
    with store.work_folder() as folder:
        fetching = _Fetching(folder, compressor, store, progress)
        fetching.fetch({package.digest: package for package in packages})
        return tuple(fetching.packs.values())


class _Fetching:
    """Fetches tarballs, from the bucket where it has them, and makes packs of them while others are being fetched.

    Args:
        folder: Receives the files.
        compressor: Of the packs.
        store: With the bucket, or without one.
        progress: Receives each package.
    """

    def __init__(self, folder: Path, compressor: str, store: Store, progress: Progress) -> None:
        self._folder = folder
        self._compressor = compressor
        self._store = store
        self._progress = progress
        self._packages: dict[str, LockedPackage] = {}
        self.packs: dict[str, Pack] = {}
        """By the digest of the package."""

    def fetch(self, packages: dict[str, LockedPackage]) -> None:
        """Fetch packages, by their digests."""
        self._packages = packages
        if self._store.shared is None:
            self._from_registry(packages)
            return
        from builder.dependencies.store.fleet_fetching import fetch_once_per_fleet

        found = self._from_bucket(packages)
        missing = [digest for digest in packages if digest not in found]
        fetch_once_per_fleet(
            missing, self._store.shared, self._progress, from_bucket=self._from_bucket, from_index=self._from_registry
        )

    def _from_bucket(self, digests: Collection[str]) -> Collection[str]:
        shared = self._store.shared
        found = shared.fetch(digests, self._folder, self._progress) if shared is not None else {}
        for digest, tarball in found.items():
            self._add(digest, tarball)
        return found

    def _from_registry(self, digests: Collection[str]) -> None:
        from concurrent.futures import ThreadPoolExecutor

        from builder.dependencies.npm.npm_client import fetch_tarballs, split_batches

        self._progress.begin("Fetching npm packages", len(digests))
        groups = split_batches(self._packages[digest] for digest in digests)
        first = len(list(self._folder.iterdir()))
        folders = [self._folder / f"batch-{first + number}" for number in range(len(groups))]
        fetched: dict[str, Path] = {}
        with ThreadPoolExecutor(_PROCESSES) as pool:
            for tarballs in pool.map(fetch_tarballs, groups, folders):
                for package, tarball in tarballs.items():
                    self._add(package.digest, tarball)
                    fetched[package.digest] = tarball
        if self._store.shared is not None:
            self._store.shared.upload(fetched, self._progress)

    def _add(self, digest: str, tarball: Path) -> None:
        package = self._packages[digest]
        self.packs[digest] = _pack(package, tarball, self._compressor, self._store)
        self._progress.advance(f"{package.name} {package.version}")


def _pack_of_repository(package: LockedPackage, compressor: str, store: Store) -> Pack:
    """The pack of a tarball in the repository; it is never fetched from a registry."""
    from shutil import copyfile

    from builder.dependencies.npm.npm_client import compute_integrity

    with store.work_folder() as folder:
        copy = folder / "package.tgz"
        copyfile(package.tarball, copy)
        if compute_integrity(copy.read_bytes()) != package.digest:
            message = f"{package.tarball} is not the file that {LOCK_NAME} was made from."
            raise DependencyError(message, hint="Run `biot-plugin lock` and commit both files.")
        return _pack(package, copy, compressor, store)


def _pack(package: LockedPackage, tarball: Path, compressor: str, store: Store) -> Pack:
    from builder.archive.writer import pack_members
    from builder.dependencies.npm.tarball import read_tarball

    file = tarball.with_suffix(".zip")
    label = f"{package.name} {package.version}"
    try:
        pack_members(read_tarball(tarball, label), file)
    except PackagingError as error:
        message = f"The npm package {label} contains paths that are not allowed in an artifact: {error.message}"
        raise DependencyError(message, hint="Choose another version of it.", problems=error.problems) from error
    stored = store.add(pack_key(package.digest, compressor), file)
    return Pack(package=package, file=stored.file, members=stored.members)


def _find(package: LockedPackage, compressor: str, store: Store) -> Pack | None:
    stored = store.find(pack_key(package.digest, compressor))
    return None if stored is None else Pack(package=package, file=stored.file, members=stored.members)
