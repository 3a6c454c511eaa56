"""Which earlier release ``rollback`` publishes again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder.publishing.failures import NotPossible
from builder.publishing.planning.differences import STATE
from builder.publishing.planning.plan import ReleaseFiles
from builder.publishing.records.interrupted_runs import desired_plugin_of
from builder.publishing.records.retained_releases import successful_releases

if TYPE_CHECKING:
    from collections.abc import Iterable

    from builder.publishing.api_values import RemotePlugin
    from builder.publishing.planning.plan import DesiredPlugin
    from builder.publishing.records.journal import JournalEntry
    from builder.publishing.records.retained_releases import RetainedReleases

_ELSEWHERE = (
    "Publish the ZIP of that version if it was kept elsewhere, such as by CI: `biot-plugin publish --artifact ZIP`. Or "
    "check out its commit and publish that: the same sources and lock give the same artifact. `biot-plugin history` "
    "names the commits that this machine published."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviousRelease:
    """A release that can be published again: its entry in the journal, its goal and its files."""

    entry: JournalEntry
    desired: DesiredPlugin
    files: ReleaseFiles


def find_previous_release(
    entries: Iterable[JournalEntry],
    kept: RetainedReleases,
    remote: RemotePlugin | None,
    version: int | None,
    state: str | None,
) -> PreviousRelease:
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
    releases = successful_releases(entries)
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


def _found(
    entry: JournalEntry, kept: RetainedReleases, remote: RemotePlugin | None, state: str | None
) -> PreviousRelease:
    retained_settings = kept.config(entry.config)
    artifact, report = kept.find(entry.artifact), kept.find(entry.report)
    missing = [
        what
        for what, there in (("settings", retained_settings), ("artifact", artifact or not entry.artifact))
        if not there
    ]
    if retained_settings is None or missing:
        msg = f"Version {entry.version_to} was published from here, but what is missing now: {' and '.join(missing)}."
        raise NotPossible(msg, hint=_ELSEWHERE)
    version = entry.version_to if remote is None else remote.version + 1
    settings = {key: value for key, value in retained_settings.items() if key != STATE}
    settings |= {"version": version} | ({STATE: state} if state is not None else {})
    desired = desired_plugin_of(entry, settings)
    if desired.code is not None:
        desired = replace(desired, code=replace(desired.code, file=artifact))
    files = ReleaseFiles(
        artifact=artifact, artifact_sha256=entry.artifact, report=report, report_sha256=entry.report if report else None
    )
    return PreviousRelease(entry=entry, desired=desired, files=files)


def _nothing(releases: tuple[JournalEntry, ...], version: int | None) -> NotPossible:
    known = ", ".join(str(one.version_to) for one in releases)
    what = f"version {version}" if version is not None else "an earlier version with other code"
    told = f"There are {known}." if known else "Nothing was published from this machine to that environment."
    return NotPossible(f"This machine does not keep {what}. {told}", hint=_ELSEWHERE)
