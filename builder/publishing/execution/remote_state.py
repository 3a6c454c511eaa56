"""The plugin on BioT during a publish: as before, as wanted, partly changed, or changed by somebody else. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from builder.publishing.failures import NotPossible, VersionsExhausted
from builder.publishing.planning.differences import VARIABLES
from builder.publishing.planning.plan import Create, Unchanged, Update
from builder.publishing.planning.planner import make_plan
from builder.publishing.planning.shifted_orders import find_shifts, keep_new_shifts, keep_shifts
from builder.publishing.records.outcome import describe_remote

if TYPE_CHECKING:
    from builder.publishing.api_values import RemotePlugin
    from builder.publishing.planning.plan import DesiredPlugin


class RemoteStatus(StrEnum):
    """How a plugin that was read back compares with the plan that was being carried out."""

    APPLIED = "as wanted"
    AS_BEFORE = "as before"
    PARTLY_APPLIED = "partly as wanted, otherwise as before"
    CHANGED_BY_OTHERS = "changed by somebody else"
    UNIDENTIFIED_CODE = "a new version without a digest: the kit cannot see whose code it is"


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteState:
    """The plugin as it was read back once.

    Attributes:
        status: How it compares with the plan.
        remote: The plugin as read.
        remaining: What remains to be sent; None when nothing remains, or when it must not be sent.
        detail: What somebody else did, as a sentence.
    """

    status: RemoteStatus
    remote: RemotePlugin | None
    remaining: Create | Update | None = None
    detail: str = ""


def assess_remote(desired: DesiredPlugin, plan: Create | Update, remote: RemotePlugin | None) -> RemoteState:
    """Compare the plugin as it is now with a plan.

    Fields that still differ must have differed before, and the version must be the previous one or, with this very
    code, a later one. Anything else was done by somebody else and is never overwritten.

    Args:
        desired: The plugin to reach.
        plan: The plan that is being carried out; its requests may have been sent.
        remote: The plugin as it was read now.
    """
    if remote is None:
        return _gone(plan)
    if detail := _recreated(plan, remote):
        return RemoteState(status=RemoteStatus.CHANGED_BY_OTHERS, remote=remote, detail=detail)
    desired = keep_new_shifts(desired, plan.before, remote)
    try:
        remaining = make_plan(desired, remote)
    except (NotPossible, VersionsExhausted) as error:
        return RemoteState(
            status=RemoteStatus.CHANGED_BY_OTHERS,
            remote=remote,
            detail=f"{_current_state(desired, remote)} {error.message}",
        )
    # BioT's specification lets responses leave the variables out; then the digest cannot be compared either.
    hidden = remote.fields.get(VARIABLES) is None
    sent_code = plan.code is not None and remote.version != plan.version_from
    if sent_code and (hidden or not desired.marked) and remote.version == plan.version_to:
        rest = None if hidden or isinstance(remaining, Unchanged) else remaining
        return RemoteState(status=RemoteStatus.UNIDENTIFIED_CODE, remote=remote, remaining=rest)
    if isinstance(remaining, Unchanged):
        return RemoteState(status=RemoteStatus.APPLIED, remote=remote)
    return _intermediate_state(desired, plan, remote, remaining)


def only_orders_left(desired: DesiredPlugin, remote: RemotePlugin) -> bool:
    """Whether BioT has everything as wanted except interception orders that it did not grant."""
    shifts = find_shifts(desired, remote)
    return bool(shifts) and isinstance(make_plan(keep_shifts(desired, shifts), remote), Unchanged)


def may_still_apply(sent: Create | Update, remote: RemotePlugin | None) -> bool:
    """Whether a request without an answer could still be applied to the plugin as it is now.

    BioT refuses to create a plugin that exists, to take code without a larger version, and to take settings with a
    version other than its own; the client always sends a version.
    """
    if isinstance(sent, Create) or remote is None:
        return isinstance(sent, Create) and remote is None
    return remote.version < sent.version_to if sent.code is not None else remote.version == sent.version_from


def _gone(plan: Create | Update) -> RemoteState:
    if isinstance(plan, Create):
        return RemoteState(status=RemoteStatus.AS_BEFORE, remote=None, remaining=plan)
    return RemoteState(
        status=RemoteStatus.CHANGED_BY_OTHERS,
        remote=None,
        detail="The plugin does not exist any more: somebody deleted it in the meantime.",
    )


def _recreated(plan: Create | Update, remote: RemotePlugin) -> str:
    before = plan.before
    if before is None or not before.creation_time or not remote.creation_time:
        return ""
    if before.creation_time == remote.creation_time:
        return ""
    return f"Somebody deleted the plugin and created it again at {remote.creation_time}."


def _intermediate_state(
    desired: DesiredPlugin, plan: Create | Update, remote: RemotePlugin, remaining: Create | Update
) -> RemoteState:
    missing, planned = set(remaining.changes), set(plan.changes)
    detail = _current_state(desired, remote)
    code_as_before = (remaining.code is None) == (plan.code is None)
    if remote.version == plan.version_from and code_as_before and missing <= planned:
        status = RemoteStatus.AS_BEFORE if missing == planned else RemoteStatus.PARTLY_APPLIED
        return RemoteState(status=status, remote=remote, remaining=remaining, detail=detail)
    ours = plan.code is not None or isinstance(plan, Create)
    if ours and remaining.code is None and missing <= planned:
        return RemoteState(status=RemoteStatus.PARTLY_APPLIED, remote=remote, remaining=remaining, detail=detail)
    fields = ", ".join(sorted({change.field for change in missing - planned}))
    detail = f"{detail} Somebody else set {fields}." if fields else detail
    return RemoteState(status=RemoteStatus.CHANGED_BY_OTHERS, remote=remote, detail=detail)


def _current_state(desired: DesiredPlugin, remote: RemotePlugin) -> str:
    return f"BioT now has {desired.name} as {describe_remote(remote)}, which is not what this run sent."
