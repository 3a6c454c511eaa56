"""What the local BioT called plugins for since the last look."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.publishing.remote.local_service import LocalService

_NEWEST = 50
_MEMORY = re.compile(r"Max Memory Used: (\d+) MB")


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginCall:
    """One call of a plugin, or an API call that reached none.

    Attributes:
        chain: The number for ``activity show`` and ``why``.
        time: Hours, minutes and seconds in UTC.
        title: The API call, event or cron run.
        hook: The kind of hook; ``API`` for a call without plugins.
        plugin: The name of the plugin or the endpoint; empty without one.
        status: The status of the answer; None without an answer.
        milliseconds: Until the answer.
        memory_megabytes: The most that the plugin has used; None when another machine ran it.
        problem: Why the answer could not be used; empty otherwise.
    """

    chain: int
    time: str
    title: str
    hook: str
    plugin: str
    status: int | None
    milliseconds: float
    memory_megabytes: int | None
    problem: str


class CallFeed:
    """Reads the activity of a local BioT from now on.

    Args:
        local: The local BioT.
    """

    def __init__(self, local: LocalService) -> None:
        self._local = local
        self._last = max((chain["number"] for chain in self._chains()), default=0)
        self._open: set[int] = set()

    def new_calls(self) -> Iterator[PluginCall]:
        """The calls of every chain that has ended since the last look, the oldest first."""
        chains = {chain["number"]: chain for chain in self._chains()}
        self._open |= {number for number in chains if number > self._last}
        self._last = max((self._last, *chains))
        for number in sorted(self._open & chains.keys()):
            if chains[number]["milliseconds"] is not None:
                self._open.discard(number)
                yield from _calls(self._local.get(f"/activity/{number}"))

    def _chains(self) -> list[Mapping[str, Any]]:
        chains = self._local.get("/activity", {"limit": str(_NEWEST)})["chains"]
        return chains if isinstance(chains, list) else []


def _calls(chain: Mapping[str, Any]) -> Iterator[PluginCall]:
    """One value for each step with a plugin; one for the whole chain when there is none."""
    steps = [step for step in chain["steps"] if step["listener"]]
    for step in steps or chain["steps"][:1]:
        report = step["function"]["report"] if step["function"] else ""
        memory = _MEMORY.search(report)
        yield PluginCall(
            chain=chain["number"],
            time=chain["startTime"][11:19],
            title=chain["title"],
            hook=step["name"],
            plugin=step["listener"].removeprefix("Plugin-"),
            status=step["response"]["status"] if step["response"] else None,
            milliseconds=step["milliseconds"],
            memory_megabytes=int(memory[1]) if memory else None,
            problem=step["problem"],
        )
