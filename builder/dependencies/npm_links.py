"""Links in a ``package-lock.json``: packages of the repository, and their places in an artifact, which has no links.

npm links ``node_modules/inner`` to the folder of ``inner``. In an artifact the folder's files lie at the place of the
link, and what npm installs inside the folder lies there too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.dependencies.npm_graph import MODULES, is_installed, resolve, table, target
from builder.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from builder.dependencies.npm_graph import Entries, Entry
    from builder.dependencies.npm_local import LocalPackages
    from builder.dependencies.npm_requirements import Requirement

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


def moved_requirements(every: Sequence[Requirement], entries: Entries) -> Iterator[Problem]:
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
