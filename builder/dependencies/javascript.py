"""JavaScript: package.json -> ``package-lock.json`` -> tarballs, each turned once into a pack."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from builder.dependencies.npm_completeness import missing_optional_packages, unmet_requirements
from builder.dependencies.npm_graph import is_address, nested, table
from builder.dependencies.npm_lock import (
    LOCK_NAME,
    differences,
    parse_npm_lock,
    production_packages,
    without_addresses,
)
from builder.dependencies.npm_project import ignores_peers, read_json
from builder.errors import DependencyError, PackagingError, Problem
from builder.fingerprint import code_digest
from builder.values import Lock, LockedPackage, Pack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builder.dependencies.changes import LockResult
    from builder.dependencies.npm_graph import Entries
    from builder.dependencies.store import Store
    from builder.manifest.model import Manifest
    from builder.progress import Progress

PACKING_CODE = (
    "archive/",
    "dependencies/javascript.py",
    "dependencies/tarball.py",
    "errors.py",
    "quoting.py",
    "values.py",
)
"""What turns tarballs into packs. Not the whole kit, because each package would have to be fetched again."""
_PROCESSES = 2
_SHIPPED_FIELDS = ("dependencies", "optionalDependencies", "peerDependencies")
_EVERY_FIELD = (*_SHIPPED_FIELDS, "devDependencies")


def read_lock(manifest: Manifest) -> Lock:
    """The production packages that ``package-lock.json`` pins, after it was compared with package.json.

    Raises:
        DependencyError: The lock is missing or stale, or holds packages that cannot be built in.
    """
    package = read_json(manifest.folder / "package.json")
    if not _asks_for_anything(package, _SHIPPED_FIELDS):
        return Lock(file=None, packages=())
    file = manifest.folder / LOCK_NAME
    if not file.is_file():
        message = f"{LOCK_NAME} is missing: package.json has dependencies, and only locked ones are built in."
        raise DependencyError(message, hint="Run `biot-plugin lock` and commit the file.")
    entries = parse_npm_lock(read_json(file))
    differing = differences(entries, package)
    if differing:
        msg = f"{LOCK_NAME} is older than package.json: they differ in {', '.join(differing)}."
        raise DependencyError(
            msg,
            hint="Run `biot-plugin lock` and commit the file.",
        )
    rules = json.dumps([package.get("overrides"), ignores_peers(manifest.folder)], sort_keys=True)
    return Lock(file=file, packages=production_packages(entries), rules=rules)


def refuse_incomplete_lock(lock: Lock, manifest: Manifest) -> None:
    """Check that the lock meets every requirement of package.json and of the packages, as ``npm ci`` does.

    Raises:
        DependencyError: It does not; with every requirement that is not met.
    """
    if lock.file is None:
        return
    entries, package = parse_npm_lock(read_json(lock.file)), read_json(manifest.folder / "package.json")
    unmet = unmet_requirements(
        entries, package, allowed=manifest.build.allow_missing, peers=not ignores_peers(manifest.folder)
    )
    if unmet:
        message = f"{LOCK_NAME} is incomplete: the artifact would lack packages, or have other versions than required."
        raise DependencyError(message, hint="Run `biot-plugin lock` and commit the file.", problems=unmet)


def direct_names(manifest: Manifest) -> tuple[str, ...]:
    """The packages that package.json itself asks for at run time.

    Raises:
        DependencyError: package.json cannot be read.
    """
    package = read_json(manifest.folder / "package.json")
    return tuple(sorted({name for field in _SHIPPED_FIELDS for name in table(package, field)}))


def write_lock(manifest: Manifest, store: Store, progress: Progress, *, upgrade: bool = False) -> LockResult:
    """Let npm choose versions and write ``package-lock.json`` without addresses.

    Args:
        manifest: Whose package.json counts.
        store: Lends a private folder.
        progress: Told what happens and which settings are ignored.
        upgrade: Take the newest versions instead of keeping those of the present lock.

    Raises:
        DependencyError: package.json asks for addresses, or npm finds no set of versions.
    """
    from builder.dependencies.changes import compare
    from builder.dependencies.npm import make_lock
    from builder.dependencies.writing import write_whole

    package = read_json(manifest.folder / "package.json")
    if not _asks_for_anything(package, _EVERY_FIELD):
        return compare((), (), ())
    _refuse_addresses(package)
    for note in _ignored_settings(manifest, package):
        progress.note(note)
    file = manifest.folder / LOCK_NAME
    old = _old_lock(file)
    before = tuple(_versions(parse_npm_lock(old))) if old is not None else ()
    was = file.read_bytes() if file.is_file() else b""
    data = b"" if upgrade or old is None else _with_strong_hashes(was, store, progress)
    if data:
        old = json.loads(data)
    if not data or _is_stale(manifest, data, package):
        progress.begin("Choosing versions", 0)
        kept, peers = None if upgrade or old is None else without_addresses(old), not ignores_peers(manifest.folder)
        with store.work() as folder:
            data = make_lock(package, kept, folder, peers=peers)
    entries = parse_npm_lock(json.loads(data))
    production_packages(entries)  # a lock with packages that cannot be shipped is not written
    for name, asker in missing_optional_packages(entries).items():
        if name not in manifest.build.allow_missing:
            progress.note(
                f"{asker} has an optional dependency on {name}, which the npm registry does not have. "
                "Check that the function works without it, and say so in [build.allow-missing]."
            )
    write_whole(file, data)
    return replace(compare(before, _versions(entries), (file,)), rewritten=data != was)


def _with_strong_hashes(lock: bytes, store: Store, progress: Progress) -> bytes:
    """The lock with sha512 in place of each sha1 that would stop packaging; empty when there is none."""
    from builder.dependencies.npm_hashes import strong_hashes, weak_packages, with_hashes

    weak = weak_packages(parse_npm_lock(json.loads(lock)))
    if not weak:
        return b""
    progress.begin("Fetching packages that have only a sha1", len(weak))
    with store.work() as folder:
        hashes = strong_hashes(weak, folder)
    names = ", ".join(f"{package.name} {package.version}" for package in weak)
    progress.note(f"The sha1 of {names} was replaced by the sha512 of the same file.")
    return with_hashes(lock.decode("utf-8"), hashes).encode()


def _is_stale(manifest: Manifest, lock: bytes, package: dict[str, object]) -> bool:
    """Whether npm must choose versions, because the lock does not fit package.json or is incomplete."""
    entries = parse_npm_lock(json.loads(lock))
    allowed, peers = manifest.build.allow_missing, not ignores_peers(manifest.folder)
    return bool(differences(entries, package) or unmet_requirements(entries, package, allowed=allowed, peers=peers))


def collect(lock: Lock, store: Store, progress: Progress) -> tuple[Pack, ...]:
    """Every locked package as a pack; what the store lacks or holds damaged is fetched and turned into one.

    Raises:
        DependencyError: A package cannot be had, or its tarball is not one that npm would make.
    """
    if not lock.packages:
        return ()
    from builder.archive.deflate import compressor as name_compressor

    compressor = name_compressor()
    packs = {package: _find(package, compressor, store) for package in lock.packages}
    absent = tuple(package for package, pack in packs.items() if pack is None)
    if absent:
        packs |= {pack.package: pack for pack in _fetch(absent, compressor, store, progress)}
    return tuple(pack for pack in packs.values() if pack is not None)


def pack_key(integrity: str, compressor: str) -> str:
    """The store's key of a package: its integrity, the code that turns it into a ZIP, and what compresses it."""
    return hashlib.sha256(f"npm {code_digest(*PACKING_CODE)}\n{integrity}\n{compressor}\n".encode()).hexdigest()


def _fetch(packages: tuple[LockedPackage, ...], compressor: str, store: Store, progress: Progress) -> Iterator[Pack]:
    from concurrent.futures import ThreadPoolExecutor

    from builder.dependencies.npm import batches, fetch_tarballs

    with store.work() as folder, ThreadPoolExecutor(_PROCESSES) as pool:
        digests = [package.digest for package in packages]
        shared = store.shared.fetch(digests, folder, progress) if store.shared is not None else {}
        fetched: dict[str, Path] = {}
        progress.begin("Fetching npm packages", len(packages))
        groups = batches(package for package in packages if package.digest not in shared)
        folders = [folder / str(number) for number in range(len(groups))]
        have = {package: shared[package.digest] for package in packages if package.digest in shared}
        for tarballs in chain([have], pool.map(fetch_tarballs, groups, folders)):
            for package, tarball in tarballs.items():
                yield _pack(package, tarball, compressor, store)
                fetched |= {package.digest: tarball} if package.digest not in shared else {}
                progress.advance(f"{package.name} {package.version}")
        if store.shared is not None:
            store.shared.offer(fetched, progress)


def _pack(package: LockedPackage, tarball: Path, compressor: str, store: Store) -> Pack:
    from builder.archive.writer import pack_members
    from builder.dependencies.tarball import read_tarball

    file = tarball.with_suffix(".zip")
    shown = f"{package.name} {package.version}"
    try:
        pack_members(read_tarball(tarball, shown), file)
    except PackagingError as error:
        message = f"The npm package {shown} holds paths that an artifact cannot have: {error.message}"
        raise DependencyError(message, hint="Choose another version of it.", problems=error.problems) from error
    stored = store.add(pack_key(package.digest, compressor), file)
    return Pack(package=package, file=stored.file, members=stored.members)


def _find(package: LockedPackage, compressor: str, store: Store) -> Pack | None:
    stored = store.find(pack_key(package.digest, compressor))
    return None if stored is None else Pack(package=package, file=stored.file, members=stored.members)


def _asks_for_anything(package: dict[str, object], fields: tuple[str, ...]) -> bool:
    return any(table(package, field) for field in fields)


def _refuse_addresses(package: dict[str, object]) -> None:
    from builder.dependencies.failures import clean

    asked: list[tuple[tuple[str, ...], str]] = [
        ((field, name), spec) for field in _EVERY_FIELD for name, spec in table(package, field).items()
    ]
    asked += [(("overrides", *path), spec) for path, spec in nested(package.get("overrides"))]
    problems = [
        Problem(
            message=f"{path[-1]} is asked for by an address ({clean(spec)}), which names one machine and no version.",
            hint="Publish it to your registry and ask for a version; your own code belongs under the build root.",
            file="package.json",
            key=".".join(path),
        )
        for path, spec in asked
        if is_address(spec)
    ]
    if problems:
        message = f"package.json has {len(problems)} dependencies that cannot be locked."
        raise DependencyError(message, hint="Correct them and run `biot-plugin lock` again.", problems=problems)


def _ignored_settings(manifest: Manifest, package: dict[str, object]) -> tuple[str, ...]:
    from builder.dependencies.settings import ignored_project_settings

    notes = ignored_project_settings({}, [file.name for file in manifest.folder.iterdir() if file.name == ".npmrc"])
    workspaces = ("package.json: workspaces is ignored: an artifact holds no links to folders.",)
    return notes + (workspaces if "workspaces" in package else ())


def _versions(entries: Entries) -> Iterator[tuple[str, str]]:
    for place, entry in entries.items():
        if place:
            yield place.rpartition("node_modules/")[2], str(entry.get("version", ""))


def _old_lock(file: Path) -> dict[str, object] | None:
    """The present lock for its versions; one that cannot be read is made anew."""
    if not file.is_file():
        return None
    try:
        document = read_json(file)
        parse_npm_lock(document)
    except DependencyError:
        return None
    return document
