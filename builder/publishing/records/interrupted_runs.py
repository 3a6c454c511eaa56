"""What became of a publish that was killed, judged by what the platform has when the next one looks. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from builder.publishing.api.http_transport import CHANGE_LIMITS
from builder.publishing.failures import NotPossible, VersionsExhausted
from builder.publishing.planning.plan import DesiredPlugin, PluginCode, Unchanged
from builder.publishing.planning.planner import make_plan
from builder.publishing.planning.shifted_orders import find_shifts, keep_shifts
from builder.publishing.records.outcome import PublishOutcome, Verdict, describe_remote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.publishing.api_values import RemotePlugin
    from builder.publishing.records.journal import JournalEntry

_ON_ITS_WAY: Final = timedelta(seconds=CHANGE_LIMITS.whole)
"""So long after it was sent a request may still take effect: as long as this client would wait for its answer."""


def desired_plugin_of(entry: JournalEntry, settings: Mapping[str, object]) -> DesiredPlugin:
    """What an entry of the journal wanted.

    Args:
        entry: The entry.
        settings: Its kept settings.
    """
    digest = entry.digest_to
    tag = digest.removeprefix("image:") if digest is not None and digest.startswith("image:") else None
    code = PluginCode(tree_digest=digest, image_tag=tag) if digest is not None else None
    return DesiredPlugin(name=entry.plugin, settings=settings, code=code)


def resolve_interrupted_run(
    entry: JournalEntry, settings: Mapping[str, object] | None, remote: RemotePlugin | None, now: datetime
) -> PublishOutcome:
    """How a publish ended that could not say it itself.

    Args:
        entry: Its opening line.
        settings: Its kept settings, or None when they are no longer there.
        remote: The plugin as BioT has it now.
        now: The present moment: what was killed a short time ago may have left a request on its way.
    """
    has = describe_remote(remote)
    if settings is not None and remote is not None and _is_there(desired_plugin_of(entry, settings), remote):
        return _outcome(entry, Verdict.DONE, f"It was killed after it had been applied: BioT has {has}.", remote)
    if remote is None and entry.version_from is not None:
        return _outcome(entry, Verdict.CONFLICT, "It was killed, and the plugin is not there.", remote)
    if remote is None or (entry.code and remote.version == entry.version_from):
        return _as_before(entry, remote, now)
    ours = entry.digest_to is not None and remote.tree_digest == entry.digest_to
    if remote.version > entry.version_to or (entry.code and not ours):
        told = f"It was killed, and somebody published since: BioT has {has}."
        return _outcome(entry, Verdict.CONFLICT, told, remote)
    told = f"It was killed. BioT has {has}, with other settings than it was to have."
    return _outcome(entry, Verdict.UNKNOWN, told, remote)


def _as_before(entry: JournalEntry, remote: RemotePlugin | None, now: datetime) -> PublishOutcome:
    has = describe_remote(remote) if remote is not None else "no such plugin"
    if now - _opened(entry) < _ON_ITS_WAY:
        told = f"It was killed, and BioT has {has}, as before. A request on its way may still be applied."
        return _outcome(entry, Verdict.UNKNOWN, told, remote)
    return _outcome(entry, Verdict.NOT_APPLIED, f"It was killed before it was applied: BioT has {has}.", remote)


def _opened(entry: JournalEntry) -> datetime:
    try:
        return datetime.fromisoformat(entry.opened).astimezone(UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)  # not known, so nothing is certain


def _is_there(desired: DesiredPlugin, remote: RemotePlugin) -> bool:
    try:
        # The others whom BioT made room for are not known any more.
        return isinstance(make_plan(keep_shifts(desired, find_shifts(desired, remote)), remote), Unchanged)
    except (NotPossible, VersionsExhausted):
        return False


def _outcome(entry: JournalEntry, verdict: Verdict, detail: str, remote: RemotePlugin | None) -> PublishOutcome:
    return PublishOutcome(
        verdict=verdict,
        detail=detail,
        remote=remote,
        version_from=entry.version_from,
        version_to=entry.version_to,
    )
