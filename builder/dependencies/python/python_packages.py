"""Python: checks ``requirements.lock`` and collects its wheels, which are packs as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.build_values import Lock, LockedPackage, Pack
from builder.dependencies.lock.requirements import read_declared
from builder.dependencies.lock.requirements_file import read_text
from builder.dependencies.lock.requirements_lock import LOCK_NAME, parse_lock, stale_reason
from builder.errors import DependencyError
from builder.manifest.text.toml_snippet import snippet
from builder.platform.package_names import normalized_name

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from builder.dependencies.lock.requirements_lock import Pin, PythonLock
    from builder.dependencies.store.pack_store import Store
    from builder.manifest.model import Manifest
    from builder.progress import Progress


def read_lock(manifest: Manifest) -> Lock:
    """The wheels that ``requirements.lock`` pins, after checking it against the manifest and the requirements.

    Raises:
        DependencyError: The lock is missing, outdated, or not written by the kit.
    """
    declared = read_declared(manifest)
    file = manifest.folder / LOCK_NAME
    lock = read_lock_file(file)
    if lock is None:
        if not declared.requirements:
            return Lock(file=None, packages=(), reads_other_folders=declared.reads_other_folders)
        message = f"{LOCK_NAME} is missing: {declared.file} has dependencies, and only locked packages are shipped."
        raise DependencyError(message, hint="Run `biot-plugin lock` and commit the file.")
    reason = stale_reason(lock, manifest.runtime, declared.digest, declared.file)
    if reason:
        raise DependencyError(reason, hint="Run `biot-plugin lock` and commit the file.")
    _refuse_disallowed_sources(lock, manifest)
    return Lock(
        file=file,
        packages=tuple(locked_package(pin) for pin in lock.pins),
        reads_other_folders=declared.reads_other_folders,
    )


def declaring_files(manifest: Manifest) -> tuple[Path, ...]:
    """The lock, and every file with requirements that ``read_lock`` compares it with, whether they exist or not.

    Raises:
        DependencyError: A file is missing, unreadable or outside the repository.
    """
    beside = (LOCK_NAME, "pyproject.toml", "requirements.txt")
    return (*(manifest.folder / name for name in beside), *read_declared(manifest).files)


def collect(lock: Lock, manifest: Manifest, store: Store, progress: Progress) -> tuple[Pack, ...]:
    """Every locked wheel as a pack; what is missing or damaged in the store is fetched by its hash.

    Raises:
        DependencyError: A wheel is unavailable.
    """
    # The modules that fetch are imported only when the store lacks something.
    packs = {package: _find(package, store) for package in lock.packages}
    absent = [package for package, pack in packs.items() if pack is None]
    if absent and store.shared is not None:
        from builder.dependencies.python.wheels import fetch_shared_wheels

        fetch_shared_wheels([package.digest for package in absent], store, progress)
        packs |= {package: _find(package, store) for package in absent}
        absent = [package for package in absent if packs[package] is None]
    if absent:
        from builder.dependencies.python.wheels import RequestedWheel, fetch_shared_wheels, fetch_wheels

        requests = {
            one.digest: RequestedWheel(name=one.name, version=one.version, digests=(one.digest,), wheel=one.wheel)
            for one in absent
            if not one.source
        }

        def from_index(digests: Collection[str]) -> None:
            fetch_wheels([requests[digest] for digest in digests], manifest.runtime, store, progress)

        if store.shared is None:
            from_index(requests)
        else:
            from builder.dependencies.store.fleet_fetching import fetch_once_per_fleet

            fetch_once_per_fleet(
                requests,
                store.shared,
                progress,
                from_bucket=lambda digests: fetch_shared_wheels(digests, store, progress),
                from_index=from_index,
            )
        _rebuild([package for package in absent if package.source], manifest, store, progress)
    return tuple(pack or find_wheel(package, store) for package, pack in packs.items())


def stored_wheels(lock: Lock, store: Store) -> tuple[Pack, ...] | None:
    """Every locked wheel as a pack; None when one is not in the store."""
    packs = [pack for package in lock.packages if (pack := _find(package, store)) is not None]
    return tuple(packs) if len(packs) == len(lock.packages) else None


def find_wheel(package: LockedPackage, store: Store) -> Pack:
    """A wheel that was just added to the store.

    Raises:
        DependencyError: It is gone.
    """
    pack = _find(package, store)
    if pack is None:
        message = f"{package.name} {package.version} disappeared from the store while the kit used it."
        raise DependencyError(message, hint="Is another program clearing the folder? Run the command again.")
    return pack


def read_lock_file(file: Path) -> PythonLock | None:
    """The content of a lock; None when there is no file.

    Raises:
        DependencyError: It is unreadable, or not written by the kit.
    """
    return parse_lock(read_text(file, file.name)) if file.is_file() else None


def locked_package(pin: Pin) -> LockedPackage:
    """The package of a pin."""
    return LockedPackage(name=pin.name, version=pin.version, digest=pin.digest, source=pin.source, wheel=pin.wheel)


def source_names(manifest: Manifest) -> tuple[str, ...]:
    """The packages in ``[build] allow-sdist``, by their normalised names."""
    return tuple(normalized_name(name) for name in manifest.build.allow_sdist)


def _refuse_disallowed_sources(lock: PythonLock, manifest: Manifest) -> None:
    """plugin.toml must allow what a lock has built from source: its code runs where the store lacks the wheel."""
    allowed = source_names(manifest)
    disallowed = [pin.name for pin in lock.pins if pin.source and pin.name not in allowed]
    if disallowed:
        message = f"{LOCK_NAME} has {', '.join(disallowed)} built from source, which plugin.toml does not allow."
        hint = "Run `biot-plugin lock`, or allow it in plugin.toml."
        setting = snippet("build", "allow-sdist", sorted({*allowed, *disallowed}))
        raise DependencyError(message, hint=hint, setting=setting)


def _rebuild(packages: Sequence[LockedPackage], manifest: Manifest, store: Store, progress: Progress) -> None:
    if packages:
        from builder.dependencies.python.source_packages import rebuild_wheels, sdist_digest
        from builder.dependencies.python.wheels import RequestedWheel

        requests = [
            (RequestedWheel(name=one.name, version=one.version, digests=(sdist_digest(one.source),)), one.digest)
            for one in packages
        ]
        rebuild_wheels(requests, manifest.runtime, store, progress)


def _find(package: LockedPackage, store: Store) -> Pack | None:
    sha256 = package.digest.removeprefix("sha256:")
    stored = store.find(sha256, sha256=sha256)
    return None if stored is None else Pack(package=package, file=stored.file, members=stored.members)
