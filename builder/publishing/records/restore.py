"""Which previous release ``rollback`` publishes again."""

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
    from builder.publishing.records.journal_entry import JournalEntry
    from builder.publishing.records.retained_releases import RetainedReleases

_ALTERNATIVES = (
    "If CI or another machine has the artifact of that version, publish it: `biot-plugin publish --artifact FILE`. Or "
    "check out its commit and publish that: the same sources and lock give the same artifact. `biot-plugin history` "
    "shows the commits that were published. Machines share their releases if BIOT_PLUGIN_RECORDS is set."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviousRelease:
    """A release that can be published again: its journal entry, the plugin to reach, and its files."""

    entry: JournalEntry
    desired: DesiredPlugin
    files: ReleaseFiles


def find_previous_release(
    entries: Iterable[JournalEntry],
    retained: RetainedReleases,
    remote: RemotePlugin | None,
    version: int | None,
    state: str | None,
) -> PreviousRelease:
    """The release to roll back to.

    Args:
        entries: The journal of the plugin in its environment.
        retained: The retained files.
        remote: The plugin as BioT has it.
        version: The requested version, or None for the newest release with other code than BioT has.
        state: ``enabledState`` in plugin.toml today, or None. Whether BioT calls a plugin is not part of a release,
            so the value at the time of the release does not count.

    Raises:
        NotPossible: There is no such release, or its files no longer exist.
    """
    releases = successful_releases(entries)
    if version is None:
        current_digest = remote.tree_digest if remote is not None else None
        candidates = [
            release
            for release in releases
            if release.digest_to not in {None, current_digest}
            and (remote is None or release.version_to < remote.version)
        ]
    else:
        candidates = [release for release in releases if release.version_to == version]
    if not candidates:
        raise _not_retained(releases, version)
    if candidates[-1].digest_to is None:
        msg = f"Version {version} is BioT's seed code, which BioT deploys only when a plugin is created."
        raise NotPossible(msg, hint="Choose a version with your own code; `biot-plugin history` lists them.")
    return _load(candidates[-1], retained, remote, state)


def _load(
    entry: JournalEntry, retained: RetainedReleases, remote: RemotePlugin | None, state: str | None
) -> PreviousRelease:
    retained_settings = retained.read_settings(entry.config)
    artifact, report = retained.find(entry.artifact), retained.find(entry.report)
    missing = [
        name
        for name, value in (("settings", retained_settings), ("artifact", artifact or not entry.artifact))
        if not value
    ]
    if retained_settings is None or missing:
        msg = f"This machine published version {entry.version_to}, but no longer has its {' and '.join(missing)}."
        raise NotPossible(msg, hint=_ALTERNATIVES)
    version = entry.version_to if remote is None else remote.version + 1
    settings = {key: value for key, value in retained_settings.items() if key != STATE}
    settings |= {"version": version} | ({STATE: state} if state is not None else {})
    desired = desired_plugin_of(entry, settings)
    if desired.code is not None:
        desired = replace(desired, code=replace(desired.code, file=artifact))
    files = ReleaseFiles(
        artifact=artifact,
        artifact_sha256=entry.artifact,
        report=report,
        report_sha256=entry.report if report else None,
        commit=entry.commit,
    )
    return PreviousRelease(entry=entry, desired=desired, files=files)


def _not_retained(releases: tuple[JournalEntry, ...], version: int | None) -> NotPossible:
    versions = ", ".join(str(release.version_to) for release in releases)
    wanted = f"version {version}" if version is not None else "a previous version with other code"
    detail = f"Available: {versions}." if versions else "Nothing was published from this machine to that environment."
    return NotPossible(f"This machine does not have {wanted}. {detail}", hint=_ALTERNATIVES)
