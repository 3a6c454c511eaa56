"""The steps of a chain as the page shows them: when they ran, and what each changed. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.console.recorded_text import shortened_json
from sandbox.event_files.saved_events import event_name, is_savable
from sandbox.json_diff import ChangeKind, path_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.console.chain_pages.chain_timeline import NestedCall, Timeline, TimelineBar
    from sandbox.json_diff import Change

CHANGES_MAX = 100
"""Changes of a step on the page; the comparison of two points shows more."""
_SHOWN_MAX = 300
_SIGNS = {ChangeKind.ADDED: "+", ChangeKind.REMOVED: "-", ChangeKind.CHANGED: "~"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownChange:
    """One line of a difference, with its values as JSON."""

    sign: str
    path: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownStep:
    """One step on the page.

    Attributes:
        number: Its place in the chain, from 1.
        saved_number: Its number among those that can be saved as an event, from 1; 0 if it cannot.
        saved_name: The name of the event that would be saved; empty if it cannot.
        step: As the activity describes it.
        bar: When it ran.
        nested: The calls that its plugin made.
        changes: What it changed, at most ``CHANGES_MAX``; None if it cannot change anything.
        more: How many changes are left out.
    """

    number: int
    saved_number: int
    saved_name: str
    step: Mapping[str, Any]
    bar: TimelineBar
    nested: tuple[NestedCall, ...]
    changes: tuple[ShownChange, ...] | None
    more: int


def chain_steps(
    chain: Mapping[str, Any], timeline: Timeline, all_changes: Sequence[tuple[Change, ...] | None]
) -> tuple[ShownStep, ...]:
    """The steps of a chain, in order.

    Args:
        chain: As the activity has it.
        timeline: When they ran.
        all_changes: What each of them changed.
    """
    shown, saved = [], 0
    for at, (step, changes) in enumerate(zip(chain["steps"], all_changes, strict=True)):
        savable = is_savable(step)
        saved += savable
        shown.append(
            ShownStep(
                number=at + 1,
                saved_number=saved if savable else 0,
                saved_name=event_name(chain, step) if savable else "",
                step=step,
                bar=timeline.bars[at],
                nested=timeline.nested[at],
                changes=None if changes is None else tuple(_shown(one) for one in changes[:CHANGES_MAX]),
                more=max(0, len(changes or ()) - CHANGES_MAX),
            )
        )
    return tuple(shown)


def _shown(change: Change) -> ShownChange:
    return ShownChange(
        sign=_SIGNS[change.kind],
        path=path_text(change.path),
        old=shortened_json(change.old, _SHOWN_MAX),
        new=shortened_json(change.new, _SHOWN_MAX),
    )
