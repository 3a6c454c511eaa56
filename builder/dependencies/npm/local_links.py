"""Whether a ``package-lock.json`` and the repository agree about the packages that lie in the repository.

npm writes a link into the lock for each workspace and each ``file:`` folder. An artifact has no links: the folder's
files go to the link's place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.dependencies.npm.npm_graph import (
    EVERY_FIELD,
    MODULES,
    artifact_place,
    is_installed,
    links_of,
    resolve,
    string_table,
    target,
)
from builder.dependencies.npm.package_lock import LOCK_NAME
from builder.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from builder.dependencies.npm.local_packages import LocalPackages
    from builder.dependencies.npm.npm_completeness import NpmRequirement
    from builder.dependencies.npm.npm_graph import Entries, Entry

_LOCK_AGAIN = "Run `biot-plugin lock` and commit the file."


def link_problems(entries: Entries, local: LocalPackages) -> Iterator[Problem]:
    """Where the lock and the repository disagree."""
    yield from _missing_workspace_links(entries, local)
    for place, entry in entries.items():
        if entry.get("link"):
            yield from _link_problem(place, entries, local)
        else:
            yield from _registry_name_clash(place, entry, local)
    for folder, package in local.folders.items():
        fields = _differing_names(entries.get(folder), package)
        if fields:
            message = f"{LOCK_NAME} is older than {folder}/package.json: they differ in {', '.join(fields)}."
            yield Problem(
                message=message, hint=_LOCK_AGAIN, file=LOCK_NAME, key=f'packages["{folder}"]', code="stale-lock"
            )


def moved_requirements(requirements: Sequence[NpmRequirement], entries: Entries) -> Iterator[Problem]:
    """Requirements that Node would resolve to another package in the artifact than in the repository."""
    links = links_of(entries)
    places = {artifact_place(place, links): entry for place, entry in entries.items() if place}
    artifact_entries: Entries = {place: entry for place, entry in places.items() if place is not None}
    for requirement in requirements:
        requirer = artifact_place(requirement.place, links) if requirement.place else ""
        if requirement.resolved_place is None or requirer is None:
            continue
        if resolve(requirer, requirement.name, artifact_entries) != artifact_place(requirement.resolved_place, links):
            message = (
                f"{requirement.place or 'package.json'} would get another {requirement.name} in the artifact "
                "than npm installs here."
            )
            hint = "Do not put a workspace inside another one, and link each folder only once."
            yield Problem(
                message=message, hint=hint, file=LOCK_NAME, key=f'packages["{requirement.place}"]', code="local-package"
            )


def _missing_workspace_links(entries: Entries, local: LocalPackages) -> Iterator[Problem]:
    for name, folder in local.workspaces.items():
        if target(f"{MODULES}{name}", entries) != folder:
            message = f"{LOCK_NAME} does not link {name} to the workspace {folder}."
            yield Problem(
                message=message, hint=_LOCK_AGAIN, file=LOCK_NAME, key=f'packages["{MODULES}{name}"]', code="stale-lock"
            )


def _registry_name_clash(place: str, entry: Entry, local: LocalPackages) -> Iterator[Problem]:
    """A registry package with the name of one in the repository."""
    name = str(entry.get("name") or place.rpartition(MODULES)[2])
    if not is_installed(place) or str(entry.get("resolved", "")).startswith("file:") or name not in local.names:
        return
    folder = local.names[name]
    message = f"{name} comes from the registry, but {folder} in this repository has the same name."
    hint = f'Require it as "file:{folder}" or rename it, then run `biot-plugin lock`.'
    yield Problem(message=message, hint=hint, file=LOCK_NAME, key=f'packages["{place}"]', code="registry-clash")


def _link_problem(place: str, entries: Entries, local: LocalPackages) -> Iterator[Problem]:
    folder = target(place, entries)
    key = f'packages["{place}"]'
    first = links_of(entries)[folder]
    if folder not in local.folders:
        message = f"{place} is a link to {folder}, which package.json does not require."
        yield Problem(message=message, hint=_LOCK_AGAIN, file=LOCK_NAME, key=key, code="stale-lock")
    elif first != place:
        message = f"{folder} is linked at both {place} and {first}; the artifact would contain it twice."
        yield Problem(
            message=message, hint="Require it under one name only.", file=LOCK_NAME, key=key, code="local-package"
        )


def _differing_names(entry: Mapping[str, object] | None, package: Mapping[str, object]) -> tuple[str, ...]:
    if entry is None:
        return ("everything",)
    differing: set[str] = set()
    for field in EVERY_FIELD:
        differing |= {name for name, _ in string_table(package, field).items() ^ string_table(entry, field).items()}
    return tuple(sorted(differing))
