"""JavaScript: package.json -> ``package-lock.json`` -> tarballs, each turned once into a pack."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from builder.build_values import Lock, LockedPackage
from builder.dependencies.npm.local_packages import copy_packages, read_local_packages
from builder.dependencies.npm.npm_completeness import missing_optional_packages, requirements, unmet_requirements
from builder.dependencies.npm.npm_graph import is_address, link_problems, moved_requirements, nested, table
from builder.dependencies.npm.package_json import ignores_peers, read_json
from builder.dependencies.npm.package_lock import (
    LOCK_NAME,
    differences,
    entries_for_lambda,
    parse_npm_lock,
    production_packages,
    shipped_folders,
    without_addresses,
)
from builder.errors import DependencyError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builder.dependencies.lock.lock_changes import LockResult
    from builder.dependencies.npm.local_packages import LocalPackages
    from builder.dependencies.npm.npm_graph import Entries
    from builder.dependencies.store.pack_store import Store
    from builder.manifest.model import Manifest
    from builder.progress import Progress

_SHIPPED_FIELDS = ("dependencies", "optionalDependencies", "peerDependencies")
_EVERY_FIELD = (*_SHIPPED_FIELDS, "devDependencies")


def read_lock(manifest: Manifest) -> Lock:
    """The production packages that ``package-lock.json`` pins, after it was compared with package.json.

    Raises:
        DependencyError: The lock is missing or stale, or holds packages that cannot be built in.
    """
    package = read_json(manifest.folder / "package.json")
    if not _asks_for_anything(package, _SHIPPED_FIELDS) and "workspaces" not in package:
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
    local = read_local_packages(manifest.folder, package)
    problems = (*local.problems, *link_problems(entries, local))
    if problems:
        message = f"{LOCK_NAME} and package.json do not fit the packages of this repository."
        raise DependencyError(message, hint="Run `biot-plugin lock` and commit the file.", problems=problems)
    packages = tuple(_with_tarball(package, manifest.folder, local) for package in production_packages(entries))
    return Lock(file=file, packages=packages, folders=shipped_folders(entries), rules=rules)


def _with_tarball(package: LockedPackage, folder: Path, local: LocalPackages) -> LockedPackage:
    if not package.tarball:
        return package
    if package.tarball not in local.tarballs:
        message = f"{LOCK_NAME} takes {package.name} from {package.tarball}, which package.json does not ask for."
        raise DependencyError(message, hint="Run `biot-plugin lock` and commit the file.")
    return replace(package, tarball=str((folder / package.tarball).resolve()))


def folders_of(manifest: Manifest) -> tuple[tuple[str, str], ...]:
    """``Lock.folders`` of folders that package.json asks for; empty without a lock that can be read.

    Whether the lock is acceptable is not checked here, so that ``check`` works before there is one.
    """
    file = manifest.folder / LOCK_NAME
    try:
        entries = parse_npm_lock(read_json(file))
        local = read_local_packages(manifest.folder, read_json(manifest.folder / "package.json"))
    except DependencyError:
        return ()
    return tuple((folder, place) for folder, place in shipped_folders(entries) if folder in local.folders)


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
    every = entries_for_lambda(entries)
    if any(entry.get("link") for entry in every.values()):
        unmet += tuple(moved_requirements(requirements(every, package), every))
    if unmet:
        message = f"{LOCK_NAME} is incomplete: the artifact would lack packages, or have other versions than required."
        raise DependencyError(message, hint="Run `biot-plugin lock` and commit the file.", problems=unmet)


def direct_names(manifest: Manifest) -> tuple[str, ...]:
    """The packages that package.json itself asks for at run time.

    Raises:
        DependencyError: package.json cannot be read.
    """
    package = read_json(manifest.folder / "package.json")
    local = read_local_packages(manifest.folder, package).folders
    shipped = [package, *(local[folder] for folder, _ in folders_of(manifest) if folder in local)]
    return tuple(sorted({name for one in shipped for field in _SHIPPED_FIELDS for name in table(one, field)}))


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
    from builder.dependencies.lock.lock_changes import compare_versions
    from builder.dependencies.lock.lock_writer import write_lock_file
    from builder.dependencies.npm.npm_client import make_lock

    package = read_json(manifest.folder / "package.json")
    if not _asks_for_anything(package, _EVERY_FIELD) and "workspaces" not in package:
        return compare_versions((), (), ())
    local = read_local_packages(manifest.folder, package)
    _refuse_addresses(package, local)
    for note in _ignored_settings(manifest):
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
            data = make_lock(package, kept, copy_packages(local, manifest.folder, folder), peers=peers)
    entries = parse_npm_lock(json.loads(data))
    _refuse_confusion(entries, local)
    production_packages(entries)  # a lock with packages that cannot be shipped is not written
    _note_missing_options(manifest, entries, progress)
    write_lock_file(file, data)
    return replace(compare_versions(before, _versions(entries), (file,)), rewritten=data != was)


def _note_missing_options(manifest: Manifest, entries: Entries, progress: Progress) -> None:
    for name, asker in missing_optional_packages(entries).items():
        if name not in manifest.build.allow_missing:
            progress.note(
                f"{asker} has an optional dependency on {name}, which the npm registry does not have. "
                "Check that the function works without it, and say so in [build.allow-missing]."
            )


def _refuse_confusion(entries: Entries, local: LocalPackages) -> None:
    """Keep a lock from being written that takes from a registry what lies in the repository."""
    problems = tuple(link_problems(entries, local))
    if problems:
        message = "npm would take packages from the registry that lie in this repository."
        raise DependencyError(message, hint="Correct the versions in package.json.", problems=problems)


def _with_strong_hashes(lock: bytes, store: Store, progress: Progress) -> bytes:
    """The lock with sha512 in place of each sha1 that would stop packaging; empty when there is none."""
    from builder.dependencies.npm.npm_hashes import strong_hashes, weak_packages, with_hashes

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


def _asks_for_anything(package: dict[str, object], fields: tuple[str, ...]) -> bool:
    return any(table(package, field) for field in fields)


def _refuse_addresses(package: dict[str, object], local: LocalPackages) -> None:
    from builder.dependencies.tool_failures import safe_text

    asked = [(("overrides", *path), spec) for path, spec in nested(package.get("overrides"))]
    problems = [*local.problems, *local.addresses]
    problems += [
        Problem(
            message=f"package.json requires {path[-1]} by an address ({safe_text(spec)}) instead of by a version.",
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


def _ignored_settings(manifest: Manifest) -> tuple[str, ...]:
    from builder.dependencies.operator_settings import ignored_project_settings

    return ignored_project_settings({}, [file.name for file in manifest.folder.iterdir() if file.name == ".npmrc"])


def _versions(entries: Entries) -> Iterator[tuple[str, str]]:
    for place, entry in entries.items():
        if place and not entry.get("link"):
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
