"""Which earlier release ``rollback`` publishes again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder.publishing.failures import NotPossible
from builder.publishing.planning.differences import STATE
from builder.publishing.planning.plan import Files
from builder.publishing.records.interrupted_runs import goal_of
from builder.publishing.records.retained_releases import released

if TYPE_CHECKING:
    from collections.abc import Iterable

    from builder.publishing.api_values import RemotePlugin
    from builder.publishing.planning.plan import Goal
    from builder.publishing.records.journal import Entry
    from builder.publishing.records.retained_releases import Kept

_ELSEWHERE = (
    "Publish the ZIP of that version if it was kept elsewhere, such as by CI: `biot-plugin publish --artifact ZIP`. Or "
    "check out its commit and publish that: the same sources and lock give the same artifact. `biot-plugin history` "
    "names the commits that this machine published."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Earlier:
    """A release that can be published again: its entry in the journal, its goal and its files."""

    entry: Entry
    goal: Goal
    files: Files


def restore(
    entries: Iterable[Entry], kept: Kept, remote: RemotePlugin | None, version: int | None, state: str | None
) -> Earlier:
    """The release to go back to.

    Args:
        entries: The journal of the plugin in its environment.
        kept: The kept files.
        remote: The plugin as BioT has it.
        version: The version asked for, or None for the newest one with other code than BioT has.
        state: ``enabledState`` of plugin.toml as it is today, or None. Whether BioT calls a plugin is no part of a
            release, so what was written when it was published does not count.

    Raises:
        NotPossible: There is none, or its files are no longer there.
    """
    releases = released(entries)
    if version is None:
        has = remote.tree_digest if remote is not None else None
        chosen = [
            one
            for one in releases
            if one.digest_to not in {None, has} and (remote is None or one.version_to < remote.version)
        ]
    else:
        chosen = [one for one in releases if one.version_to == version]
    if not chosen:
        raise _nothing(releases, version)
    if chosen[-1].digest_to is None:
        msg = f"Version {version} was BioT's seed, which BioT deploys only when a plugin is created."
        raise NotPossible(msg, hint="Choose a version with code of its own: `biot-plugin history` lists them.")
    return _found(chosen[-1], kept, remote, state)


def _found(entry: Entry, kept: Kept, remote: RemotePlugin | None, state: str | None) -> Earlier:
    desired = kept.config(entry.config)
    artifact, report = kept.find(entry.artifact), kept.find(entry.report)
    missing = [
        what for what, there in (("settings", desired), ("artifact", artifact or not entry.artifact)) if not there
    ]
    if desired is None or missing:
        msg = f"Version {entry.version_to} was published from here, but what is missing now: {' and '.join(missing)}."
        raise NotPossible(msg, hint=_ELSEWHERE)
    version = entry.version_to if remote is None else remote.version + 1
    settings = {key: value for key, value in desired.items() if key != STATE}
    settings |= {"version": version} | ({STATE: state} if state is not None else {})
    goal = goal_of(entry, settings)
    if goal.code is not None:
        goal = replace(goal, code=replace(goal.code, file=artifact))
    files = Files(
        artifact=artifact, artifact_sha256=entry.artifact, report=report, report_sha256=entry.report if report else None
    )
    return Earlier(entry=entry, goal=goal, files=files)


def _nothing(releases: tuple[Entry, ...], version: int | None) -> NotPossible:
    known = ", ".join(str(one.version_to) for one in releases)
    what = f"version {version}" if version is not None else "an earlier version with other code"
    told = f"There are {known}." if known else "Nothing was published from this machine to that environment."
    return NotPossible(f"This machine does not keep {what}. {told}", hint=_ELSEWHERE)
