"""Where the platform stands while a publish is under way: as before, as wanted, partly, or somebody else's. Pure."""

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
    """What a plugin that was read back is, compared with the plan that was being carried out."""

    AS_WANTED = "as wanted"
    AS_BEFORE = "as before"
    PARTLY = "partly as wanted, and otherwise as before"
    OTHER = "somebody else's"
    UNTELLABLE = "a new version without a digest: whose code it is cannot be seen"


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteState:
    """One look at the platform.

    Attributes:
        place: What was found.
        remote: The plugin as read.
        left: What would still have to be sent; None when nothing, or when it must not be.
        told: What somebody else did, if it was not this run, as a sentence.
    """

    place: RemoteStatus
    remote: RemotePlugin | None
    left: Create | Update | None = None
    told: str = ""


def assess_remote(desired: DesiredPlugin, under_way: Create | Update, remote: RemotePlugin | None) -> RemoteState:
    """Judge one read of the plugin.

    What is still different must have been different before, and the version must be the one from before or, with this
    very code, a later one. Anything else was done by somebody else, and is never overwritten.

    Args:
        desired: What is wanted.
        under_way: The plan that is being carried out; requests of it may have been sent.
        remote: The plugin as it was read now.
    """
    if remote is None:
        return _gone(under_way)
    if told := _anew(under_way, remote):
        return RemoteState(place=RemoteStatus.OTHER, remote=remote, told=told)
    desired = keep_new_shifts(desired, under_way.before, remote)
    try:
        left = make_plan(desired, remote)
    except (NotPossible, VersionsExhausted) as error:
        return RemoteState(place=RemoteStatus.OTHER, remote=remote, told=f"{_now(desired, remote)} {error.message}")
    # BioT's specification lets answers leave the variables out; then it is as if the digest were switched off.
    hidden = remote.fields.get(VARIABLES) is None
    sent_code = under_way.code is not None and remote.version != under_way.version_from
    if sent_code and (hidden or not desired.marked) and remote.version == under_way.version_to:
        more = None if hidden or isinstance(left, Unchanged) else left
        return RemoteState(place=RemoteStatus.UNTELLABLE, remote=remote, left=more)
    if isinstance(left, Unchanged):
        return RemoteState(place=RemoteStatus.AS_WANTED, remote=remote)
    return _between(desired, under_way, remote, left)


def only_orders_left(desired: DesiredPlugin, remote: RemotePlugin) -> bool:
    """Whether BioT has everything as wanted but for orders that it did not give."""
    shifts = find_shifts(desired, remote)
    return bool(shifts) and isinstance(make_plan(keep_shifts(desired, shifts), remote), Unchanged)


def may_still_apply(sent: Create | Update, remote: RemotePlugin | None) -> bool:
    """Whether a request whose answer was lost could still be applied to the plugin as it is now.

    BioT refuses to create what is there, to take code with a version that is not larger, and to take settings with
    another version than its own; the client always sends one.
    """
    if isinstance(sent, Create) or remote is None:
        return isinstance(sent, Create) and remote is None
    return remote.version < sent.version_to if sent.code is not None else remote.version == sent.version_from


def _gone(under_way: Create | Update) -> RemoteState:
    if isinstance(under_way, Create):
        return RemoteState(place=RemoteStatus.AS_BEFORE, remote=None, left=under_way)
    return RemoteState(
        place=RemoteStatus.OTHER, remote=None, told="The plugin is no longer there: somebody deleted it meanwhile."
    )


def _anew(under_way: Create | Update, remote: RemotePlugin) -> str:
    before = under_way.before
    if before is None or not before.creation_time or not remote.creation_time:
        return ""
    if before.creation_time == remote.creation_time:
        return ""
    return f"Somebody deleted the plugin and created it again at {remote.creation_time}."


def _between(
    desired: DesiredPlugin, under_way: Create | Update, remote: RemotePlugin, left: Create | Update
) -> RemoteState:
    still, were = set(left.changes), set(under_way.changes)
    told = _now(desired, remote)
    code_as_before = (left.code is None) == (under_way.code is None)
    if remote.version == under_way.version_from and code_as_before and still <= were:
        place = RemoteStatus.AS_BEFORE if still == were else RemoteStatus.PARTLY
        return RemoteState(place=place, remote=remote, left=left, told=told)
    ours = under_way.code is not None or isinstance(under_way, Create)
    if ours and left.code is None and still <= were:
        return RemoteState(place=RemoteStatus.PARTLY, remote=remote, left=left, told=told)
    fields = ", ".join(sorted({change.field for change in still - were}))
    others = f"{told} Somebody else set {fields}." if fields else told
    return RemoteState(place=RemoteStatus.OTHER, remote=remote, told=others)


def _now(desired: DesiredPlugin, remote: RemotePlugin) -> str:
    return f"BioT now has {desired.name} as {describe_remote(remote)}, which is not what this run sent."
