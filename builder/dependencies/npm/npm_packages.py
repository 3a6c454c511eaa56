"""JavaScript: package.json -> ``package-lock.json`` -> the locked packages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec.structs import replace

from builder.build_values import Lock, LockedPackage
from builder.dependencies.npm.local_links import link_problems, moved_requirements
from builder.dependencies.npm.local_packages import copy_packages, read_local_packages
from builder.dependencies.npm.npm_completeness import missing_optional_packages, read_requirements, unmet_requirements
from builder.dependencies.npm.npm_graph import EVERY_FIELD, RUNTIME_FIELDS, flatten_overrides, is_address, string_table
from builder.dependencies.npm.package_json import ignores_peers, read_json
from builder.dependencies.npm.package_lock import (
    LOCK_NAME,
    entries_for_lambda,
    outdated_names,
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


def read_lock(manifest: Manifest) -> Lock:
    """The production packages that ``package-lock.json`` pins, after comparing it with package.json.

    Raises:
        DependencyError: The lock is missing or outdated, or has packages that cannot go into the artifact.
    """
    package = read_json(manifest.folder / "package.json")
    if not _has_dependencies(package, RUNTIME_FIELDS) and "workspaces" not in package:
        return Lock(file=None, packages=())
    file = manifest.folder / LOCK_NAME
    if not file.is_file():
        message = f"{LOCK_NAME} is missing: package.json has dependencies, and only locked packages are shipped."
        raise DependencyError(message, hint="Run `biot-plugin lock` and commit the file.")
    entries = parse_npm_lock(read_json(file))
    outdated = outdated_names(entries, package)
    if outdated:
        message = f"{LOCK_NAME} is older than package.json: they differ in {', '.join(outdated)}."
        raise DependencyError(message, hint="Run `biot-plugin lock` and commit the file.")
    rules = json.dumps([package.get("overrides"), ignores_peers(manifest.folder)], sort_keys=True)
    local = read_local_packages(manifest.folder, package)
    problems = (*local.problems, *link_problems(entries, local))
    if problems:
        message = f"{LOCK_NAME} and package.json do not match the packages of this repository."
        raise DependencyError(message, hint="Run `biot-plugin lock` and commit the file.", problems=problems)
    packages = tuple(_with_tarball(package, manifest.folder, local) for package in production_packages(entries))
    return Lock(
        file=file,
        packages=packages,
        folders=shipped_folders(entries),
        rules=rules,
        reads_other_folders=bool(local.names or local.folders or local.tarballs),
    )


def _with_tarball(package: LockedPackage, folder: Path, local: LocalPackages) -> LockedPackage:
    if not package.tarball:
        return package
    if package.tarball not in local.tarballs:
        message = f"{LOCK_NAME} takes {package.name} from {package.tarball}, which package.json does not require."
        raise DependencyError(message, hint="Run `biot-plugin lock` and commit the file.")
    return replace(package, tarball=str((folder / package.tarball).resolve()))


def read_local_folders(manifest: Manifest) -> tuple[tuple[str, str], ...]:
    """``Lock.folders`` of folders that package.json requires; empty without a readable lock.

    Does not check whether the lock is acceptable, so that ``check`` works before there is one.
    """
    file = manifest.folder / LOCK_NAME
    try:
        entries = parse_npm_lock(read_json(file))
        local = read_local_packages(manifest.folder, read_json(manifest.folder / "package.json"))
    except DependencyError:
        return ()
    return tuple((folder, place) for folder, place in shipped_folders(entries) if folder in local.folders)


def declaring_files(manifest: Manifest) -> tuple[Path, ...]:
    """The lock, package.json, .npmrc, and those of packages in the repository, whether they exist or not.

    Raises:
        DependencyError: A package.json cannot be read.
    """
    folder = manifest.folder
    local = read_local_packages(folder, read_json(folder / "package.json"))
    inside = (*(f"{place}/package.json" for place in local.folders), *local.tarballs)
    return tuple(folder / name for name in (LOCK_NAME, "package.json", ".npmrc", *inside))


def refuse_incomplete_lock(lock: Lock, manifest: Manifest) -> None:
    """Check that the lock meets every requirement of package.json and of the packages, as ``npm ci`` does.

    Raises:
        DependencyError: It does not; lists every unmet requirement.
    """
    if lock.file is None:
        return
    entries, package = parse_npm_lock(read_json(lock.file)), read_json(manifest.folder / "package.json")
    unmet = unmet_requirements(
        entries, package, allowed=manifest.build.allow_missing, peers=not ignores_peers(manifest.folder)
    )
    lambda_entries = entries_for_lambda(entries)
    if any(entry.get("link") for entry in lambda_entries.values()):
        unmet += tuple(moved_requirements(read_requirements(lambda_entries, package), lambda_entries))
    if unmet:
        message = f"{LOCK_NAME} is incomplete: the artifact would have missing packages or wrong versions."
        raise DependencyError(message, hint="Run `biot-plugin lock` and commit the file.", problems=unmet)


def direct_names(manifest: Manifest) -> tuple[str, ...]:
    """The packages that package.json itself requires at run time.

    Raises:
        DependencyError: package.json cannot be read.
    """
    package = read_json(manifest.folder / "package.json")
    local = read_local_packages(manifest.folder, package).folders
    own = [package, *(local[folder] for folder, _ in read_local_folders(manifest) if folder in local)]
    return tuple(sorted({name for each in own for field in RUNTIME_FIELDS for name in string_table(each, field)}))


def write_lock(manifest: Manifest, store: Store, progress: Progress, *, upgrade: bool = False) -> LockResult:
    """Let npm choose versions and write ``package-lock.json`` without addresses.

    Args:
        manifest: Whose package.json counts.
        store: Provides a private folder.
        progress: Receives the steps, and the settings that are ignored.
        upgrade: Choose the newest versions instead of keeping those of the current lock.

    Raises:
        DependencyError: package.json requires addresses, or npm finds no set of versions.
    """
    from builder.dependencies.lock.lock_changes import compare_versions
    from builder.dependencies.lock.lock_writer import write_lock_file
    from builder.dependencies.npm.npm_client import make_lock

    package = read_json(manifest.folder / "package.json")
    if not _has_dependencies(package, EVERY_FIELD) and "workspaces" not in package:
        return compare_versions((), (), ())
    local = read_local_packages(manifest.folder, package)
    _refuse_addresses(package, local)
    for note in _ignored_settings(manifest):
        progress.note(note)
    file = manifest.folder / LOCK_NAME
    old = _read_old_lock(file)
    versions_before = tuple(_versions(parse_npm_lock(old))) if old is not None else ()
    data_before = file.read_bytes() if file.is_file() else b""
    data = b"" if upgrade or old is None else _with_strong_hashes(data_before, store, progress)
    if data:
        old = json.loads(data)
    if not data or _is_outdated(manifest, data, package):
        progress.begin("Choosing versions", 0)
        preferred = None if upgrade or old is None else without_addresses(old)
        peers = not ignores_peers(manifest.folder)
        with store.work_folder() as folder:
            data = make_lock(package, preferred, copy_packages(local, manifest.folder, folder), peers=peers)
    entries = parse_npm_lock(json.loads(data))
    _refuse_registry_clashes(entries, local)
    production_packages(entries)  # refuses packages that cannot be shipped before the lock is written
    _note_missing_optional_packages(manifest, entries, progress)
    write_lock_file(file, data)
    return replace(compare_versions(versions_before, _versions(entries), (file,)), rewritten=data != data_before)


def _note_missing_optional_packages(manifest: Manifest, entries: Entries, progress: Progress) -> None:
    for name, requirer in missing_optional_packages(entries).items():
        if name not in manifest.build.allow_missing:
            progress.note(
                f"{requirer} has an optional dependency on {name}, which the npm registry does not have. "
                "Check that the function works without it, then add it to [build.allow-missing]."
            )


def _refuse_registry_clashes(entries: Entries, local: LocalPackages) -> None:
    """Refuse a lock that takes a package of the repository from a registry."""
    problems = tuple(link_problems(entries, local))
    if problems:
        message = "npm would take packages of this repository from the registry."
        raise DependencyError(message, hint="Fix the versions in package.json.", problems=problems)


def _with_strong_hashes(lock: bytes, store: Store, progress: Progress) -> bytes:
    """The lock with a sha512 in place of each sha1 that would stop packaging; empty when there is none."""
    from builder.dependencies.npm.npm_hashes import strong_hashes, weak_packages, with_hashes

    weak = weak_packages(parse_npm_lock(json.loads(lock)))
    if not weak:
        return b""
    progress.begin("Fetching packages that have only a sha1", len(weak))
    with store.work_folder() as folder:
        hashes = strong_hashes(weak, folder)
    names = ", ".join(f"{package.name} {package.version}" for package in weak)
    progress.note(f"The sha1 of {names} was replaced with the sha512 of the same file.")
    return with_hashes(lock.decode("utf-8"), hashes).encode()


def _is_outdated(manifest: Manifest, lock: bytes, package: dict[str, object]) -> bool:
    """Whether npm must choose versions, because the lock does not match package.json or is incomplete."""
    entries = parse_npm_lock(json.loads(lock))
    allowed, peers = manifest.build.allow_missing, not ignores_peers(manifest.folder)
    return bool(outdated_names(entries, package) or unmet_requirements(entries, package, allowed=allowed, peers=peers))


def _has_dependencies(package: dict[str, object], fields: tuple[str, ...]) -> bool:
    return any(string_table(package, field) for field in fields)


def _refuse_addresses(package: dict[str, object], local: LocalPackages) -> None:
    from builder.dependencies.tool_failures import safe_text  # only needed for a failure

    overrides = [(("overrides", *path), spec) for path, spec in flatten_overrides(package.get("overrides"))]
    problems = [*local.problems, *local.address_problems]
    problems += [
        Problem(
            message=f"package.json requires {path[-1]} by an address ({safe_text(spec)}) instead of by a version.",
            hint="Publish it to your registry and require a version; put your own code under the build root.",
            file="package.json",
            key=".".join(path),
            code="package-address",
        )
        for path, spec in overrides
        if is_address(spec)
    ]
    if problems:
        message = f"package.json has {len(problems)} dependencies that cannot be locked."
        raise DependencyError(message, hint="Fix them and run `biot-plugin lock` again.", problems=problems)


def _ignored_settings(manifest: Manifest) -> tuple[str, ...]:
    from builder.dependencies.operator_settings import ignored_project_settings

    return ignored_project_settings({}, [file.name for file in manifest.folder.iterdir() if file.name == ".npmrc"])


def _versions(entries: Entries) -> Iterator[tuple[str, str]]:
    for place, entry in entries.items():
        if place and not entry.get("link"):
            yield place.rpartition("node_modules/")[2], str(entry.get("version", ""))


def _read_old_lock(file: Path) -> dict[str, object] | None:
    """The current lock, whose versions are preferred; None when it cannot be read."""
    if not file.is_file():
        return None
    try:
        document = read_json(file)
        parse_npm_lock(document)
    except DependencyError:
        return None
    return document
