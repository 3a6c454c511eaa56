"""Who asks for whom among the entries of a ``package-lock.json``, as Node resolves names."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MODULES = "node_modules/"
_ASKING_FIELDS = ("dependencies", "optionalDependencies", "peerDependencies")
# npm-package-arg: protocols other than npm:, paths, and the user/repository short form of GitHub.
_ADDRESS = re.compile(r"^(?!npm:)(?:[a-z+]+:|\.{0,2}/|~/|[^@/\s]+@[^@/\s]+:|[^@/\s]+/[^/\s]+$)", re.IGNORECASE)

Entry = dict[str, object]
Entries = dict[str, Entry]


def table(entry: Mapping[str, object], field: str) -> dict[str, str]:
    """A table of names and what is asked of each; empty when it is not there."""
    found = entry.get(field)
    return {str(name): str(spec) for name, spec in found.items()} if isinstance(found, dict) else {}


def nested(rules: object) -> Iterator[tuple[tuple[str, ...], str]]:
    """(path of names, spec) of everything in npm's ``overrides``, whose tables hold tables."""
    waiting: list[tuple[tuple[str, ...], object]] = [((), rules)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [((*path, str(name)), inner) for name, inner in value.items()]
        elif path:
            yield path, str(value)


def is_address(spec: str) -> bool:
    """Whether a dependency is asked for by an address (git, tarball, folder, link) instead of a version."""
    return bool(_ADDRESS.match(spec))


def local_path(place: str, spec: str) -> str | None:
    """The path that a spec (``file:…`` or a relative one) names, relative to the plugin; None for any other spec.

    Args:
        place: Who asks: the plugin itself (``""``) or a folder.
        spec: What is asked for.
    """
    path = spec.removeprefix("file:")
    if not spec.startswith(("file:", "./", "../")) or posixpath.isabs(path) or path.startswith("~"):
        return None
    return posixpath.normpath(posixpath.join(place, path))


def asked(entry: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """(name, spec) of everything that an entry needs when it runs."""
    for field in _ASKING_FIELDS:
        yield from table(entry, field).items()


def resolve(place: str, name: str, entries: Mapping[str, Entry]) -> str | None:
    """Where Node finds ``name`` from ``place``: the nearest node_modules upwards."""
    return next((folder + name for folder in _module_folders(place) if folder + name in entries), None)


def target(place: str, entries: Mapping[str, Entry]) -> str:
    """The place itself; for a link the folder that it leads to, which is where its package really lies."""
    entry = entries.get(place, {})
    return str(entry.get("resolved", "")) if entry.get("link") else place


def is_installed(place: str) -> bool:
    """Whether an entry lies in a ``node_modules``; else it is a folder of the repository, which a link leads to."""
    return place.startswith(MODULES) or f"/{MODULES}" in place


def reachable(entries: Mapping[str, Entry], *, development: bool = False) -> set[str]:
    """The places that the project itself (``""``) leads to, at run time or also for ``development``."""
    seen, waiting = {""}, [""]
    while waiting:
        place = waiting.pop()
        entry = entries.get(place, {})
        names = {name for name, _ in asked(entry)}
        if development and not is_installed(place):
            names |= table(entry, "devDependencies").keys()
        found = {resolve(place, name, entries) for name in names}
        known = {one for one in found if one is not None}
        new = (known | {target(one, entries) for one in known}) - seen
        seen |= new
        waiting += sorted(new)
    return seen


def asked_by_address(entries: Mapping[str, Entry]) -> set[str]:
    """The places that somebody asks for by an address; npm's ``resolved`` alone does not tell tarballs apart."""
    found: set[str] = set()
    for place, entry in entries.items():
        specs = [*asked(entry), *table(entry, "devDependencies").items()]
        found |= {resolve(place, name, entries) or "" for name, spec in specs if is_address(spec)}
    return found


@lru_cache(maxsize=4096)
def _module_folders(place: str) -> tuple[str, ...]:
    """Every ``node_modules/`` that Node looks into from a place, the nearest first.

    What lies outside the project (``../shared``) does not see the project's own.
    """
    folders = []
    while place and place != ".." and not place.endswith("/.."):
        folders.append(f"{place}/{MODULES}")
        installed, found, _ = f"/{place}".rpartition(f"/{MODULES}")
        place = installed[1:] if found else place.rpartition("/")[0]
    return (*folders, MODULES) if not place else tuple(folders)
