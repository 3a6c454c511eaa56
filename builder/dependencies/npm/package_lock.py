"""``package-lock.json`` (version 2 and 3) -> the packages that go into the artifact and where.

Only production packages for Lambda's Linux on x86_64; addresses (``resolved``) are not looked at, ``integrity`` is all.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from builder.build_values import LockedPackage
from builder.dependencies.npm.npm_graph import (
    MODULES,
    artifact_place,
    asked_by_address,
    is_installed,
    links_of,
    reachable,
    table,
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
_HERE = {"os": "linux", "cpu": "x64", "libc": "glibc"}
_ROOT_FIELDS = ("dependencies", "optionalDependencies", "peerDependencies", "devDependencies")


def parse_npm_lock(document: object) -> Entries:
    """The entries of a parsed ``package-lock.json``: place (``""`` is the project itself) -> entry.

    Raises:
        DependencyError: It is of version 1, or no lock at all.
    """
    entries = document.get("packages") if isinstance(document, dict) else None
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        message = f"{LOCK_NAME} has no table `packages`: it is of version 1, or not a lock."
        raise DependencyError(message, hint="Run `biot-plugin lock` to make it anew (npm 7 and later write version 3).")
    return cast("Entries", entries)


def differences(entries: Entries, package: Mapping[str, object]) -> tuple[str, ...]:
    """The dependencies that ``package.json`` and the lock's root entry do not agree on, by name, sorted."""
    root = entries.get("", {})
    differing: set[str] = set()
    for field in _ROOT_FIELDS:
        differing |= {name for name, _ in table(package, field).items() ^ table(root, field).items()}
    return tuple(sorted(differing))


def production_packages(entries: Entries) -> tuple[LockedPackage, ...]:
    """The packages to ship, each once with all its places, sorted by name and version.

    Raises:
        DependencyError: With every package that cannot be shipped: links, addresses, no sha512, another platform.
    """
    every = entries_for_lambda(entries)
    links = links_of(every)
    installed = [place for place, entry in every.items() if is_installed(place) and not entry.get("link")]
    shipped = {place: every[place] for place in installed}
    placed = {place: artifact_place(place, links) or place for place in installed}
    addressed = asked_by_address(entries)
    problems = [
        found for place in sorted(shipped) for found in _problems(placed[place], shipped[place], place in addressed)
    ]
    if problems:
        message = f"{LOCK_NAME} has {len(problems)} package(s) that cannot be built in."
        raise DependencyError(
            message, hint="Run `biot-plugin lock`: it corrects what it can and names the rest.", problems=problems
        )
    places: dict[LockedPackage, list[str]] = {}
    for place, entry in shipped.items():
        if not _comes_with_parent(place, entry):
            places.setdefault(package_of(place, entry, digest=sha512(entry)), []).append(placed[place])
    packages = (replace(package, places=tuple(sorted(found))) for package, found in places.items())
    return tuple(sorted(packages, key=lambda package: (package.name, package.version, package.digest)))


def shipped_folders(entries: Entries) -> tuple[tuple[str, str], ...]:
    """Each folder of the repository that goes into the artifact, with its place there."""
    every = entries_for_lambda(entries)
    links = links_of(every)
    return tuple(sorted((folder, artifact_place(folder, links) or "") for folder in links))


def package_of(place: str, entry: Mapping[str, object], *, digest: str) -> LockedPackage:
    """The registry's package of an entry, without its places."""
    version, resolved = str(entry.get("version", "")), str(entry.get("resolved", ""))
    tarball = resolved.removeprefix("file:") if resolved.startswith("file:") else ""
    return LockedPackage(name=_name(place, entry), version=version, digest=digest, tarball=tarball)


def entries_for_lambda(entries: Entries, *, development: bool = False) -> Entries:
    """The entries that npm would install on Lambda's platform, for production unless ``development``.

    Optional packages for other platforms stay out, and what only they need with them, as npm does it.
    """
    runs = {
        place: entry
        for place, entry in entries.items()
        if place and not entry.get("extraneous") and (development or not entry.get("dev"))
    }
    here = {place: entry for place, entry in runs.items() if fits(entry) or not _is_optional(entry)}
    if len(here) == len(runs):
        return here
    root = {"": entries.get("", {})}
    orphans = reachable(root | runs, development=development) - reachable(root | here, development=development)
    return {place: entry for place, entry in here.items() if place not in orphans}


def sha512(entry: Mapping[str, object]) -> str:
    """The entry's sha512 in npm's spelling (``sha512-<base64>``), or empty: sha1 alone proves nothing."""
    found = _SHA512.search(str(entry.get("integrity", "")))
    return found[1] if found is not None else ""


def without_addresses(document: object) -> object:
    """The lock without the addresses of registry packages, so that npm asks the operator's registry alone."""
    if not isinstance(document, dict) or not isinstance(document.get("packages"), dict):
        return document
    entries = parse_npm_lock(document)
    addressed = asked_by_address(entries)
    bare = {
        place: {key: value for key, value in entry.items() if key != "resolved"}
        if _from_registry(entry) and place not in addressed
        else entry
        for place, entry in entries.items()
    }
    return {key: value for key, value in document.items() if key != "dependencies"} | {"packages": bare}


def fits(entry: Mapping[str, object]) -> bool:
    """Whether the entry's ``os``, ``cpu`` and ``libc`` lists allow Lambda's machine, as npm reads such lists."""
    for key, here in _HERE.items():
        listed = entry.get(key)
        names = [str(name) for name in listed] if isinstance(listed, list) else []
        allowed = [name for name in names if not name.startswith("!")]
        if f"!{here}" in names or (allowed and here not in allowed and "any" not in allowed):
            return False
    return True


def _is_optional(entry: Mapping[str, object]) -> bool:
    return bool(entry.get("optional") or entry.get("devOptional"))


def _comes_with_parent(place: str, entry: Entry) -> bool:
    """Bundled dependencies lie in their parent's tarball; those of the project's own bundle list have an integrity."""
    return bool(entry.get("inBundle")) and "integrity" not in entry and f"/{MODULES}" in place


def _from_registry(entry: Mapping[str, object]) -> bool:
    return not entry.get("link") and not str(entry.get("resolved", "")).startswith(("git", "file:"))


def _problems(place: str, entry: Entry, addressed: bool) -> Iterator[Problem]:
    found = _wrong(place, entry, addressed)
    if found is not None:
        message, hint = found
        yield Problem(message=message, hint=hint, file=LOCK_NAME, key=f'packages["{place}"]')


def _wrong(place: str, entry: Entry, addressed: bool) -> tuple[str, str] | None:
    """(what is wrong, the way out), or None."""
    name, version = _name(place, entry), str(entry.get("version", ""))
    if not _PLACE.fullmatch(place) or not _NAME.fullmatch(name):
        return "is no place or name that npm writes.", "Delete package-lock.json and run `biot-plugin lock`."
    if _comes_with_parent(place, entry):
        return None
    in_repository = str(entry.get("resolved", "")).startswith("file:")
    known = in_repository or (not addressed and _from_registry(entry))
    return _wrong_package(entry, f"{name} {version}", registry=known)


def _wrong_package(entry: Entry, shown: str, *, registry: bool) -> tuple[str, str] | None:
    if not registry or not _VERSION.fullmatch(str(entry.get("version", ""))):
        return (
            f"{shown} comes from an address (git, a tarball or a folder), not from a registry.",
            "Publish it to your registry and ask for a version in package.json.",
        )
    if not sha512(entry):
        return (
            f"{shown} has no sha512 integrity, so nothing safe says which bytes are meant.",
            "Run `biot-plugin lock`, which replaces a sha1 by the sha512 of that file; without any hash add --upgrade.",
        )
    if not fits(entry):
        return (
            f"{shown} is not for Lambda's platform (linux, x64, glibc).",
            "Ask for it under optionalDependencies, or choose another package.",
        )
    return None


def _name(place: str, entry: Mapping[str, object]) -> str:
    """The registry's name of the package; npm writes ``name`` only where the place has another one (aliases)."""
    named = entry.get("name")
    return str(named) if named else place.rpartition(MODULES)[2]
