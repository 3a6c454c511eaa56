"""How an interrupted publish ended, derived from the plugin that the next one finds on BioT. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from builder.network.verdict import Verdict
from builder.publishing.api.http_transport import CHANGE_LIMITS
from builder.publishing.failures import NotPossible, VersionsExhausted
from builder.publishing.planning.plan import DesiredPlugin, PluginCode, Unchanged
from builder.publishing.planning.planner import make_plan
from builder.publishing.planning.shifted_orders import find_shifts, keep_shifts
from builder.publishing.records.outcome import PublishOutcome, describe_remote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.publishing.api_values import RemotePlugin
    from builder.publishing.records.journal_entry import JournalEntry

_IN_FLIGHT: Final = timedelta(seconds=CHANGE_LIMITS.total)
"""How long after sending a request may still take effect: as long as this client waits for its answer."""


_LONGEST_RUN: Final = timedelta(hours=1)
"""No publish takes longer: it sends its last request within ten minutes, and waits half an hour for the answer."""


def may_be_running(entry: JournalEntry, now: datetime) -> bool:
    """Whether a publish of another machine that has recorded no end may still be running.

    Args:
        entry: Its entry.
        now: The current time.
    """
    return now - _opened(entry) < _LONGEST_RUN


def running_note(entry: JournalEntry) -> str:
    """A note that a publish of another machine may still be running."""
    return f"A {entry.command} by {entry.who} began at {entry.opened} and has not ended: it may still be running."


def desired_plugin_of(entry: JournalEntry, settings: Mapping[str, object]) -> DesiredPlugin:
    """The plugin that a journal entry was to reach.

    Args:
        entry: The entry.
        settings: Its retained settings.
    """
    digest = entry.digest_to
    tag = digest.removeprefix("image:") if digest is not None and digest.startswith("image:") else None
    code = PluginCode(tree_digest=digest, image_tag=tag) if digest is not None else None
    return DesiredPlugin(name=entry.plugin, settings=settings, code=code)


def resolve_interrupted_run(
    entry: JournalEntry, settings: Mapping[str, object] | None, remote: RemotePlugin | None, now: datetime
) -> PublishOutcome:
    """How a publish ended that could not record its own outcome.

    Args:
        entry: Its opening line.
        settings: Its retained settings, or None when they no longer exist.
        remote: The plugin as BioT has it now.
        now: The current time: a publish that was interrupted recently may have left a request in flight.
    """
    plugin = describe_remote(remote)
    if settings is not None and remote is not None and _is_applied(desired_plugin_of(entry, settings), remote):
        return _outcome(entry, Verdict.DONE, f"It was applied before the interruption: BioT has {plugin}.", remote)
    if remote is None and entry.version_from is not None:
        return _outcome(entry, Verdict.CONFLICT, "It was interrupted, and the plugin does not exist.", remote)
    if remote is None or (entry.code and remote.version == entry.version_from):
        return _as_before(entry, remote, now)
    own_code = entry.digest_to is not None and remote.tree_digest == entry.digest_to
    if remote.version > entry.version_to or (entry.code and not own_code):
        detail = f"It was interrupted, and somebody published since: BioT has {plugin}."
        return _outcome(entry, Verdict.CONFLICT, detail, remote)
    detail = f"It was interrupted. BioT has {plugin}, with other settings than this publish was to set."
    return _outcome(entry, Verdict.UNKNOWN, detail, remote)


def _as_before(entry: JournalEntry, remote: RemotePlugin | None, now: datetime) -> PublishOutcome:
    plugin = describe_remote(remote)
    if now - _opened(entry) < _IN_FLIGHT:
        detail = f"It was interrupted, and BioT has {plugin}, as before. Its last request may still be applied."
        return _outcome(entry, Verdict.UNKNOWN, detail, remote)
    return _outcome(entry, Verdict.NOT_APPLIED, f"It was interrupted before it was applied: BioT has {plugin}.", remote)


def _opened(entry: JournalEntry) -> datetime:
    try:
        return datetime.fromisoformat(entry.opened).astimezone(UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)  # unknown, so the request counts as in flight


def _is_applied(desired: DesiredPlugin, remote: RemotePlugin) -> bool:
    try:
        # Which other interceptions caused the shifts is no longer known.
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
