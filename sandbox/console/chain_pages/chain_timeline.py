"""When the steps of a chain ran: a waterfall in which idle time is cut. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NARROWEST = 0.4
"""Percent: a bar that is narrower could not be seen."""
_IDLE_MIN, _IDLE_SHARE = 50.0, 0.2
"""Milliseconds, and the share of the whole time, from which idle time is cut."""
_CUT_WIDTH = 4.0
"""Percent that a cut takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineBar:
    """A bar of the waterfall, in percent of its width.

    Attributes:
        left: Where it begins.
        width: Its length.
        initialization: The part of its length in which Lambda initialised the function, at its beginning.
    """

    left: float
    width: float
    initialization: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class NestedCall:
    """A call of BioT's API that a plugin made, and its bar."""

    call: Mapping[str, Any]
    bar: TimelineBar


@dataclass(frozen=True, kw_only=True, slots=True)
class IdleCut:
    """Idle time that is cut out: where, and how many milliseconds."""

    left: float
    milliseconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """A waterfall.

    Attributes:
        bars: One for each step.
        nested: For each step, the calls that its plugin made meanwhile.
        cuts: Where idle time is cut.
    """

    bars: tuple[TimelineBar, ...]
    nested: tuple[tuple[NestedCall, ...], ...]
    cuts: tuple[IdleCut, ...]


def chain_timeline(chain: Mapping[str, Any]) -> Timeline:
    """The waterfall of a chain, from its first moment to the end of its last step."""
    began = datetime.fromisoformat(chain["startTime"])
    steps = [_span(began, step) for step in chain["steps"]]
    caused = [(one, _span(began, one)) for one in chain.get("caused", ())]
    end = max([chain["milliseconds"] or 0.0, *(to for _, to in steps), 1.0])
    scale = _Scale(end, _idle_times(steps, end))
    owners = [_owner(steps, start) for _, (start, _) in caused]
    return Timeline(
        bars=tuple(_bar(scale, span, step) for span, step in zip(steps, chain["steps"], strict=True)),
        nested=tuple(
            tuple(
                NestedCall(call=one, bar=_bar(scale, span, {}))
                for (one, span), owner in zip(caused, owners, strict=True)
                if owner == number
            )
            for number in range(len(steps))
        ),
        cuts=scale.cuts(),
    )


class _Scale:
    """Places moments on the waterfall, where idle time takes little room.

    Args:
        end: Milliseconds from the beginning to the end.
        idle: Spans of idle time, in order.
    """

    def __init__(self, end: float, idle: Sequence[tuple[float, float]]) -> None:
        self._end, self._idle = end, idle
        kept = end - sum(to - start for start, to in idle)
        self._per_millisecond = (100.0 - _CUT_WIDTH * len(idle)) / max(kept, 0.001)

    def place(self, moment: float) -> float:
        """The place of a moment, in percent."""
        moment, shift = min(max(moment, 0.0), self._end), 0.0
        busy = moment
        for start, to in self._idle:
            if moment <= start:
                break
            passed = min(moment, to) - start
            busy -= passed
            shift += _CUT_WIDTH * passed / (to - start)
        return min(100.0, busy * self._per_millisecond + shift)

    def cuts(self) -> tuple[IdleCut, ...]:
        """Where idle time is cut."""
        return tuple(IdleCut(left=round(self.place(start), 2), milliseconds=to - start) for start, to in self._idle)


def _idle_times(spans: Sequence[tuple[float, float]], end: float) -> list[tuple[float, float]]:
    """The longer times between steps in which nothing ran."""
    idle, free_from = [], 0.0
    for start, to in sorted(spans):
        if start - free_from > max(_IDLE_MIN, _IDLE_SHARE * end):
            idle.append((free_from, start))
        free_from = max(free_from, to)
    return idle


def _bar(scale: _Scale, span: tuple[float, float], step: Mapping[str, Any]) -> TimelineBar:
    left, right = scale.place(span[0]), scale.place(span[1])
    width = max(right - left, _NARROWEST)
    initialization = ((step.get("function") or {}).get("initializationMilliseconds") or 0.0) if step else 0.0
    share = min(1.0, initialization / max(span[1] - span[0], 0.001))
    return TimelineBar(
        left=round(min(left, 100.0 - width), 2), width=round(width, 2), initialization=round(width * share, 2)
    )


def _owner(steps: Sequence[tuple[float, float]], moment: float) -> int:
    """The step during which something began; the last one before it if a plugin went on after its answer."""
    during = [number for number, (start, to) in enumerate(steps) if start <= moment <= to]
    before = [number for number, (start, _) in enumerate(steps) if start <= moment]
    return (during or before or [0])[-1]


def _span(began: datetime, what: Mapping[str, Any]) -> tuple[float, float]:
    start = max(0.0, (datetime.fromisoformat(what["startTime"]) - began).total_seconds() * 1000)
    return start, start + (what["milliseconds"] or 0.0)
