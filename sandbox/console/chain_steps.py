"""The steps of a chain as the page shows them: where each lies in time, and what it changed. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.activity.step_changes import step_changes
from sandbox.json_diff import ChangeKind, path_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.json_diff import Change

_NARROWEST = 0.4
"""Percent: a bar that is narrower could not be seen."""
_SIGNS = {ChangeKind.ADDED: "+", ChangeKind.REMOVED: "-", ChangeKind.CHANGED: "~"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownChange:
    """One line of a difference; the values are None where there is none."""

    sign: str
    path: str
    old: object
    new: object


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownStep:
    """One step on the page.

    Attributes:
        number: Its place in the chain, from 1.
        step: As the activity describes it.
        left: Where its bar begins, in percent of the chain's time.
        width: The length of its bar, in percent.
        changes: What it changed; None if it cannot change anything.
    """

    number: int
    step: Mapping[str, Any]
    left: float
    width: float
    changes: tuple[ShownChange, ...] | None


def chain_steps(chain: Mapping[str, Any]) -> tuple[ShownStep, ...]:
    """The steps of a chain, in order."""
    began = datetime.fromisoformat(chain["startTime"])
    offsets = [_milliseconds_between(began, step["startTime"]) for step in chain["steps"]]
    ends = [offset + step["milliseconds"] for offset, step in zip(offsets, chain["steps"], strict=True)]
    total = max([chain["milliseconds"] or 0.0, *ends, 1.0])
    return tuple(
        ShownStep(
            number=number,
            step=step,
            left=round(100 * offset / total, 2),
            width=round(max(100 * step["milliseconds"] / total, _NARROWEST), 2),
            changes=_shown(step_changes(step)),
        )
        for number, (offset, step) in enumerate(zip(offsets, chain["steps"], strict=True), start=1)
    )


def _shown(changes: tuple[Change, ...] | None) -> tuple[ShownChange, ...] | None:
    if changes is None:
        return None
    return tuple(
        ShownChange(sign=_SIGNS[one.kind], path=path_text(one.path), old=one.old, new=one.new) for one in changes
    )


def _milliseconds_between(began: datetime, moment: str) -> float:
    return max(0.0, (datetime.fromisoformat(moment) - began).total_seconds() * 1000)
