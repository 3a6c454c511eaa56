"""Who asks for whom among the entries of a ``package-lock.json``, as Node resolves names."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from builder.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from builder.dependencies.npm.local_packages import LocalPackages
    from builder.dependencies.npm.npm_completeness import NpmRequirement


# Links in a ``package-lock.json``: packages of the repository, and their places in an artifact, which has no links.
_LOCK = "package-lock.json"
_LOCK_AGAIN = "Run `biot-plugin lock` and commit the file."


def links_of(entries: Entries) -> dict[str, str]:
    """Folder -> place of the link to it, shortest place first where there are several."""
    places = sorted(
        (place for place, entry in entries.items() if entry.get("link")), key=lambda place: (len(place), place)
    )
    found: dict[str, str] = {}
    for place in places:
        found.setdefault(target(place, entries), place)
    return found


def artifact_place(place: str, links: Mapping[str, str]) -> str | None:
    """Where an entry's files lie in the artifact; None for a folder that no link leads to."""
    rest = ""
    while not place.startswith(MODULES):
        folder, found, inner = place.partition(f"/{MODULES}")
        if folder not in links:
            return None
        place, rest = links[folder], f"/{MODULES}{inner}{rest}" if found else rest
    return place + rest


def link_problems(entries: Entries, local: LocalPackages) -> Iterator[Problem]:
    """Where a lock and the repository disagree about the packages that lie in the repository."""
    yield from _unlinked(entries, local)
    for place, entry in entries.items():
        if entry.get("link"):
            yield from _wrong_link(place, entries, local)
        else:
            yield from _wrong_source(place, entry, local)
    for folder, package in local.folders.items():
        stale = _stale(entries.get(folder), package)
        if stale:
            message = f"{_LOCK} is older than {folder}/package.json: they differ in {', '.join(stale)}."
            yield Problem(message=message, hint=_LOCK_AGAIN, file=_LOCK, key=f'packages["{folder}"]')


def _unlinked(entries: Entries, local: LocalPackages) -> Iterator[Problem]:
    for name, folder in local.workspaces.items():
        if target(f"{MODULES}{name}", entries) != folder:
            message = f"{_LOCK} does not link {name} to the workspace {folder}."
            yield Problem(message=message, hint=_LOCK_AGAIN, file=_LOCK, key=f'packages["{MODULES}{name}"]')


def _wrong_source(place: str, entry: Entry, local: LocalPackages) -> Iterator[Problem]:
    """A package of the registry with the name of one in the repository."""
    name = str(entry.get("name") or place.rpartition(MODULES)[2])
    if not is_installed(place) or str(entry.get("resolved", "")).startswith("file:") or name not in local.names:
        return
    folder = local.names[name]
    message = f"{name} comes from the registry, and {folder} in this repository has the same name."
    hint = f'Ask for it by "file:{folder}" or rename it, and run `biot-plugin lock`.'
    yield Problem(message=message, hint=hint, file=_LOCK, key=f'packages["{place}"]')


def moved_requirements(every: Sequence[NpmRequirement], entries: Entries) -> Iterator[Problem]:
    """Requirements that Node would meet by another package in the artifact than in the repository."""
    links = links_of(entries)
    placed = {artifact_place(place, links): entry for place, entry in entries.items() if place}
    moved: Entries = {place: entry for place, entry in placed.items() if place is not None}
    for one in every:
        asker = artifact_place(one.place, links) if one.place else ""
        if one.found is None or asker is None:
            continue
        if resolve(asker, one.name, moved) != artifact_place(one.found, links):
            message = (
                f"{one.place or 'package.json'} would get another {one.name} in the artifact than npm gives it here."
            )
            hint = "Do not put a workspace into another one, and link each folder only once."
            yield Problem(message=message, hint=hint, file=_LOCK, key=f'packages["{one.place}"]')


def _wrong_link(place: str, entries: Entries, local: LocalPackages) -> Iterator[Problem]:
    folder = target(place, entries)
    key = f'packages["{place}"]'
    if folder not in local.folders:
        message = f"{place} is a link to {folder}, which package.json does not ask for."
        yield Problem(message=message, hint=_LOCK_AGAIN, file=_LOCK, key=key)
    elif links_of(entries)[folder] != place:
        message = f"{folder} is linked at {place} and at {links_of(entries)[folder]}; an artifact would have it twice."
        yield Problem(message=message, hint="Ask for it by one name only.", file=_LOCK, key=key)


def _stale(entry: Mapping[str, object] | None, package: Mapping[str, object]) -> tuple[str, ...]:
    if entry is None:
        return ("everything",)
    fields = ("dependencies", "optionalDependencies", "peerDependencies", "devDependencies")
    return tuple(
        sorted({name for each in fields for name, _ in table(package, each).items() ^ table(entry, each).items()})
    )


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
