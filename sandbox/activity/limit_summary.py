"""How near recorded calls came to Lambda's limits: median, 95th percentile and maximum of each plugin. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.functions.invocation import LimitedUse
from sandbox.functions.lambda_facts import OUT_OF_MEMORY, RESPONSE_TOO_LARGE, TIMED_OUT, WARNING_SHARE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Call = Mapping[str, Any]

_ENDED_BY = {
    TIMED_OUT: LimitedUse.DURATION,
    OUT_OF_MEMORY: LimitedUse.MEMORY,
    RESPONSE_TOO_LARGE: LimitedUse.RESPONSE,
}
"""The limit that a call exceeded, by the type of its error."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitSummary:
    """The use of one limit in several calls.

    Attributes:
        what: What is limited.
        setting: The key of plugin.toml that raises the limit; empty when it is fixed.
        unit: ``ms`` or ``bytes``.
        p50: The median.
        p95: The 95th percentile: the smallest value that 95 % of the calls do not exceed.
        maximum: The largest.
        limit: The allowance of the newest call.
        killed: The numbers of the chains whose call exceeded it, so that Lambda ends it.
        is_near: Whether a call came nearer than is safe.
    """

    what: LimitedUse
    setting: str
    unit: str
    p50: float
    p95: float
    maximum: float
    limit: float
    killed: tuple[int, ...]
    is_near: bool

    @property
    def share(self) -> float:
        """The maximum as a share of the limit."""
        return self.maximum / self.limit


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginLimits:
    """The limits of one plugin.

    Attributes:
        plugin: Its full name.
        calls: The number of its calls.
        limits: One entry for each limit.
    """

    plugin: str
    calls: int
    limits: tuple[LimitSummary, ...]


def summarize_limits(calls: Iterable[Call]) -> tuple[PluginLimits, ...]:
    """Summarize recorded calls, those nearest to a limit first.

    Args:
        calls: As ``describe_call`` described them, the oldest first. Those that no function here answered are left out.
    """
    by_plugin: dict[str, list[Call]] = {}
    for call in calls:
        if call["limits"]:
            by_plugin.setdefault(call["plugin"], []).append(call)
    found = [
        PluginLimits(plugin=plugin, calls=len(own), limits=tuple(_summaries(own))) for plugin, own in by_plugin.items()
    ]
    return tuple(sorted(found, key=lambda one: -max(limit.share for limit in one.limits)))


def _summaries(calls: Sequence[Call]) -> Iterable[LimitSummary]:
    for what in LimitedUse:
        uses = [(call, use) for call in calls for use in call["limits"] if use["what"] == what]
        if not uses:
            continue
        values = sorted(use["used"] for _, use in uses)
        newest = uses[-1][1]
        killed = tuple(call["number"] for call, use in uses if _is_killed(call, use, what))
        is_time = what in {LimitedUse.DURATION, LimitedUse.INITIALIZATION}
        yield LimitSummary(
            what=what,
            setting=newest["setting"],
            unit="ms" if is_time else "bytes",
            p50=percentile(values, 50),
            p95=percentile(values, 95),
            maximum=values[-1],
            limit=newest["limit"],
            killed=killed,
            is_near=bool(killed) or values[-1] > WARNING_SHARE * newest["limit"],
        )


def _is_killed(call: Call, use: Mapping[str, Any], what: LimitedUse) -> bool:
    return use["used"] > use["limit"] or _ENDED_BY.get(call["errorType"]) is what


def percentile(ordered: Sequence[float], percent: int) -> float:
    """Return the nearest-rank percentile of values in ascending order."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
