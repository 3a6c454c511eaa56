"""``package-lock.json`` (version 2 and 3) -> the packages that go into the artifact, and their places.

Only production packages for Lambda's Linux on x86_64. Addresses (``resolved``) are ignored; only ``integrity`` counts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from builder.build_values import LockedPackage
from builder.dependencies.npm.npm_graph import (
    EVERY_FIELD,
    MODULES,
    artifact_place,
    is_installed,
    links_of,
    reachable,
    required_by_address,
    string_table,
)
from builder.errors import DependencyError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.dependencies.npm.npm_graph import Entries, Entry

LOCK_NAME = "package-lock.json"
_SHA512 = re.compile(r"(?:^|\s)(sha512-[A-Za-z0-9+/]{86}==)(?=$|\s|\?)")
_NAME = re.compile(r"(?:@[A-Za-z0-9~-][A-Za-z0-9._~-]*/)?[A-Za-z0-9~_-][A-Za-z0-9._~'!()*-]*")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]*")
_PLACE = re.compile(rf"{MODULES}{_NAME.pattern}(?:/{MODULES}{_NAME.pattern})*")
_LAMBDA = {"os": "linux", "cpu": "x64", "libc": "glibc"}


def parse_npm_lock(document: object) -> Entries:
    """The entries of a parsed ``package-lock.json``: place (``""`` is the project itself) -> entry.

    Raises:
        DependencyError: It is of version 1, or not a lock.
    """
    entries = document.get("packages") if isinstance(document, dict) else None
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        message = f"{LOCK_NAME} has no `packages` table: it is of version 1, or not a lock."
        raise DependencyError(message, hint="Run `biot-plugin lock` to write version 3, as npm 7 and later do.")
    return cast("Entries", entries)


def outdated_names(entries: Entries, package: Mapping[str, object]) -> tuple[str, ...]:
    """The dependencies on which ``package.json`` and the lock's root entry differ, sorted by name."""
    root = entries.get("", {})
    differing: set[str] = set()
    for field in EVERY_FIELD:
        differing |= {name for name, _ in string_table(package, field).items() ^ string_table(root, field).items()}
    return tuple(sorted(differing))


def production_packages(entries: Entries) -> tuple[LockedPackage, ...]:
    """The packages to ship, each one once with all its places, sorted by name and version.

    Raises:
        DependencyError: Lists every package that cannot be shipped: an address, no sha512, another platform.
    """
    lambda_entries = entries_for_lambda(entries)
    links = links_of(lambda_entries)
    shipped = {place: entry for place, entry in lambda_entries.items() if is_installed(place) and not entry.get("link")}
    artifact_places = {place: artifact_place(place, links) or place for place in shipped}
    by_address = required_by_address(entries)
    problems = [
        problem
        for place in sorted(shipped)
        for problem in _problems(artifact_places[place], shipped[place], place in by_address)
    ]
    if problems:
        message = f"{LOCK_NAME} has {len(problems)} package(s) that cannot go into the artifact."
        raise DependencyError(
            message, hint="Run `biot-plugin lock`: it fixes what it can and lists the rest.", problems=problems
        )
    places: dict[LockedPackage, list[str]] = {}
    for place, entry in shipped.items():
        if not _comes_with_parent(place, entry):
            places.setdefault(package_of(place, entry, digest=sha512(entry)), []).append(artifact_places[place])
    packages = (replace(package, places=tuple(sorted(folders))) for package, folders in places.items())
    return tuple(sorted(packages, key=lambda package: (package.name, package.version, package.digest)))


def shipped_folders(entries: Entries) -> tuple[tuple[str, str], ...]:
    """Each folder of the repository that goes into the artifact, with its place there."""
    links = links_of(entries_for_lambda(entries))
    return tuple(sorted((folder, artifact_place(folder, links) or "") for folder in links))


def package_of(place: str, entry: Mapping[str, object], *, digest: str) -> LockedPackage:
    """The package of an entry, without its places."""
    version, resolved = str(entry.get("version", "")), str(entry.get("resolved", ""))
    tarball = resolved.removeprefix("file:") if resolved.startswith("file:") else ""
    return LockedPackage(name=_name(place, entry), version=version, digest=digest, tarball=tarball)


def entries_for_lambda(entries: Entries, *, development: bool = False) -> Entries:
    """The entries that npm would install on Lambda's platform, for production unless ``development``.

    Optional packages for other platforms are left out, with everything that only they need, as npm does it.
    """
    candidates = {
        place: entry
        for place, entry in entries.items()
        if place and not entry.get("extraneous") and (development or not entry.get("dev"))
    }
    fitting = {place: entry for place, entry in candidates.items() if fits(entry) or not _is_optional(entry)}
    if len(fitting) == len(candidates):
        return fitting
    root = {"": entries.get("", {})}
    orphans = reachable(root | candidates, development=development) - reachable(root | fitting, development=development)
    return {place: entry for place, entry in fitting.items() if place not in orphans}


def sha512(entry: Mapping[str, object]) -> str:
    """The entry's sha512 in npm's spelling (``sha512-<base64>``), or empty: a sha1 alone proves nothing."""
    match = _SHA512.search(str(entry.get("integrity", "")))
    return match[1] if match is not None else ""


def without_addresses(document: object) -> object:
    """The lock without the addresses of registry packages, so that npm uses only the operator's registry."""
    if not isinstance(document, dict) or not isinstance(document.get("packages"), dict):
        return document
    entries = parse_npm_lock(document)
    by_address = required_by_address(entries)
    packages = {
        place: {key: value for key, value in entry.items() if key != "resolved"}
        if _from_registry(entry) and place not in by_address
        else entry
        for place, entry in entries.items()
    }
    return {key: value for key, value in document.items() if key != "dependencies"} | {"packages": packages}


def fits(entry: Mapping[str, object]) -> bool:
    """Whether the entry's ``os``, ``cpu`` and ``libc`` lists allow Lambda's machine, as npm reads such lists."""
    for key, value in _LAMBDA.items():
        listed = entry.get(key)
        names = [str(name) for name in listed] if isinstance(listed, list) else []
        allowed = [name for name in names if not name.startswith("!")]
        if f"!{value}" in names or (allowed and value not in allowed and "any" not in allowed):
            return False
    return True


def _is_optional(entry: Mapping[str, object]) -> bool:
    return bool(entry.get("optional") or entry.get("devOptional"))


def _comes_with_parent(place: str, entry: Entry) -> bool:
    """Bundled dependencies are in their parent's tarball; those of the project's own bundle list have an integrity."""
    return bool(entry.get("inBundle")) and "integrity" not in entry and f"/{MODULES}" in place


def _from_registry(entry: Mapping[str, object]) -> bool:
    return not entry.get("link") and not str(entry.get("resolved", "")).startswith(("git", "file:"))


def _problems(place: str, entry: Entry, by_address: bool) -> Iterator[Problem]:
    problem = _entry_problem(place, entry, by_address)
    if problem is not None:
        yield problem._replace(file=LOCK_NAME, key=f'packages["{place}"]')


def _entry_problem(place: str, entry: Entry, by_address: bool) -> Problem | None:
    """Why the package of an entry cannot be shipped, without its place in the lock."""
    name, version = _name(place, entry), str(entry.get("version", ""))
    if not _PLACE.fullmatch(place) or not _NAME.fullmatch(name):
        message = "This is not a place or name that npm writes."
        hint = "Delete package-lock.json and run `biot-plugin lock`."
        return Problem(message=message, hint=hint, code="damaged-lock")
    if _comes_with_parent(place, entry):
        return None
    in_repository = str(entry.get("resolved", "")).startswith("file:")
    has_source = in_repository or (not by_address and _from_registry(entry))
    return _package_problem(entry, f"{name} {version}", has_source=has_source)


def _package_problem(entry: Entry, label: str, *, has_source: bool) -> Problem | None:
    if not has_source or not _VERSION.fullmatch(str(entry.get("version", ""))):
        message = f"{label} comes from an address (git, a tarball or a folder), not from a registry."
        hint = "Publish it to your registry and require a version of it in package.json."
        return Problem(message=message, hint=hint, code="package-address")
    if not sha512(entry):
        message = f"{label} has no sha512 integrity, so its content is not pinned safely."
        hint = "Run `biot-plugin lock`, which replaces a sha1 with the file's sha512; without any hash, add --upgrade."
        return Problem(message=message, hint=hint, code="weak-hash")
    if not fits(entry):
        message = f"{label} is not for Lambda's platform (linux, x64, glibc)."
        hint = "Move it to optionalDependencies, or choose another package."
        return Problem(message=message, hint=hint, code="wrong-platform")
    return None


def _name(place: str, entry: Mapping[str, object]) -> str:
    """The registry's name of the package; npm writes ``name`` only where it differs from the place (aliases)."""
    name = entry.get("name")
    return str(name) if name else place.rpartition(MODULES)[2]
