"""Who asks for whom among the entries of a ``package-lock.json``, as Node resolves names."""

from __future__ import annotations

import re
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


def asked(entry: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """(name, spec) of everything that an entry needs when it runs."""
    for field in _ASKING_FIELDS:
        yield from table(entry, field).items()


def resolve(place: str, name: str, entries: Mapping[str, Entry]) -> str | None:
    """Where Node finds ``name`` from ``place``: the nearest node_modules upwards."""
    folder = place
    while True:
        candidate = f"{folder}/{MODULES}{name}" if folder else f"{MODULES}{name}"
        if candidate in entries:
            return candidate
        if not folder:
            return None
        folder = folder.rpartition(f"/{MODULES}")[0]


def reachable(entries: Mapping[str, Entry]) -> set[str]:
    """The places that the project itself (``""``) leads to."""
    seen, waiting = {""}, [""]
    while waiting:
        place = waiting.pop()
        found = {resolve(place, name, entries) for name, _ in asked(entries.get(place, {}))}
        new = {one for one in found if one is not None} - seen
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
