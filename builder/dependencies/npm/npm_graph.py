"""Which packages of a ``package-lock.json`` require which, resolved as Node resolves names.

A *place* is a key of the lock's ``packages`` table: ``""`` for the project itself, ``node_modules/a`` for an installed
package, ``packages/c`` for a folder of the repository.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MODULES = "node_modules/"
RUNTIME_FIELDS = ("dependencies", "optionalDependencies", "peerDependencies")
EVERY_FIELD = (*RUNTIME_FIELDS, "devDependencies")
# npm-package-arg: protocols other than npm:, paths, and the user/repository short form of GitHub.
_ADDRESS = re.compile(r"^(?!npm:)(?:[a-z+]+:|\.{0,2}/|~/|[^@/\s]+@[^@/\s]+:|[^@/\s]+/[^/\s]+$)", re.IGNORECASE)

Entry = dict[str, object]
Entries = dict[str, Entry]


def string_table(entry: Mapping[str, object], field: str) -> dict[str, str]:
    """A table of package names and specs; empty when the field is missing or not a table."""
    value = entry.get(field)
    return {str(name): str(spec) for name, spec in value.items()} if isinstance(value, dict) else {}


def flatten_overrides(overrides: object) -> Iterator[tuple[tuple[str, ...], str]]:
    """(path of names, spec) of everything in npm's ``overrides``, whose tables contain tables."""
    pending: list[tuple[tuple[str, ...], object]] = [((), overrides)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, dict):
            pending += [((*path, str(name)), inner) for name, inner in value.items()]
        elif path:
            yield path, str(value)


def is_address(spec: str) -> bool:
    """Whether a spec is an address (git, tarball, folder, link) instead of a version."""
    return bool(_ADDRESS.match(spec))


def local_path(place: str, spec: str) -> str | None:
    """The path in a spec (``file:…`` or a relative path), relative to the plugin; None for any other spec.

    Args:
        place: Of the package that requires it: the plugin itself (``""``) or a folder.
        spec: From its package.json.
    """
    path = spec.removeprefix("file:")
    if not spec.startswith(("file:", "./", "../")) or posixpath.isabs(path) or path.startswith("~"):
        return None
    return posixpath.normpath(posixpath.join(place, path))


def runtime_requirements(entry: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """(name, spec) of everything that an entry needs at run time."""
    for field in RUNTIME_FIELDS:
        yield from string_table(entry, field).items()


def resolve(place: str, name: str, entries: Mapping[str, Entry]) -> str | None:
    """Where Node finds ``name`` from ``place``: in the nearest node_modules upwards."""
    return next((folder + name for folder in _module_folders(place) if folder + name in entries), None)


def target(place: str, entries: Mapping[str, Entry]) -> str:
    """The folder that a link points to; any other place is its own target."""
    entry = entries.get(place, {})
    return str(entry.get("resolved", "")) if entry.get("link") else place


def links_of(entries: Entries) -> dict[str, str]:
    """Folder -> place of the link to it; the shortest place where there are several."""
    places = sorted(
        (place for place, entry in entries.items() if entry.get("link")), key=lambda place: (len(place), place)
    )
    links: dict[str, str] = {}
    for place in places:
        links.setdefault(target(place, entries), place)
    return links


def artifact_place(place: str, links: Mapping[str, str]) -> str | None:
    """Where an entry's files go in the artifact; None for a folder without a link."""
    rest = ""
    while not place.startswith(MODULES):
        folder, separator, inner = place.partition(f"/{MODULES}")
        if folder not in links:
            return None
        place, rest = links[folder], f"/{MODULES}{inner}{rest}" if separator else rest
    return place + rest


def is_installed(place: str) -> bool:
    """Whether an entry is inside a ``node_modules`` folder; otherwise it is a folder of the repository."""
    return place.startswith(MODULES) or f"/{MODULES}" in place


def reachable(entries: Mapping[str, Entry], *, development: bool = False) -> set[str]:
    """The places that the project requires, directly or not; with ``development`` also for its tests."""
    places, pending = {""}, [""]
    while pending:
        place = pending.pop()
        entry = entries.get(place, {})
        names = {name for name, _ in runtime_requirements(entry)}
        if development and not is_installed(place):
            names |= string_table(entry, "devDependencies").keys()
        resolved = {found for name in names if (found := resolve(place, name, entries)) is not None}
        new = (resolved | {target(found, entries) for found in resolved}) - places
        places |= new
        pending += sorted(new)
    return places


def required_by_address(entries: Mapping[str, Entry]) -> set[str]:
    """The places that some package requires by an address; npm's ``resolved`` alone does not identify tarballs."""
    places: set[str] = set()
    for place, entry in entries.items():
        specs = [*runtime_requirements(entry), *string_table(entry, "devDependencies").items()]
        places |= {resolve(place, name, entries) or "" for name, spec in specs if is_address(spec)}
    return places


@lru_cache(maxsize=4096)
def _module_folders(place: str) -> tuple[str, ...]:
    """Every ``node_modules/`` that Node searches from a place, the nearest first.

    A folder outside the project (``../shared``) does not see the project's own.
    """
    folders = []
    while place and place != ".." and not place.endswith("/.."):
        folders.append(f"{place}/{MODULES}")
        parent, separator, _ = f"/{place}".rpartition(f"/{MODULES}")
        place = parent[1:] if separator else place.rpartition("/")[0]
    return (*folders, MODULES) if not place else tuple(folders)
