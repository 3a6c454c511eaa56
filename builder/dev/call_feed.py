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
class ListedCall:
    """One call of a plugin.

    Attributes:
        hook: The kind of hook.
        plugin: The name of the plugin or the endpoint.
        status: The status of the answer; None without an answer.
        milliseconds: Until the answer.
        memory_megabytes: The most that the plugin has used; None when another machine ran it.
        problem: Why the answer could not be used; empty otherwise.
    """

    hook: str
    plugin: str
    status: int | None
    milliseconds: float
    memory_megabytes: int | None
    problem: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedChain:
    """What caused calls of plugins.

    Attributes:
        number: For ``activity show`` and ``why``.
        time: Hours, minutes and seconds in UTC.
        title: The API call, event or cron run.
        status: What its caller got; None for an event.
        calls: The calls of plugins.
    """

    number: int
    time: str
    title: str
    status: int | None
    calls: tuple[ListedCall, ...]


class CallFeed:
    """Reads the activity of a local BioT from now on.

    Args:
        local: The local BioT.
    """

    def __init__(self, local: LocalService) -> None:
        self._local = local
        self._last = max((chain["number"] for chain in self._chains()), default=0)
        self._open: set[int] = set()

    def new_chains(self) -> Iterator[ListedChain]:
        """Every chain that has ended since the last look with all its notifications, the oldest first."""
        chains = {chain["number"]: chain for chain in self._chains()}
        self._open |= {number for number in chains if number > self._last}
        self._last = max((self._last, *chains))
        for number in sorted(self._open & chains.keys()):
            if chains[number]["milliseconds"] is None:
                continue
            chain: Mapping[str, Any] = self._local.get(f"/activity/{number}")
            notified = sum(step["name"] == "NOTIFICATION" for step in chain["steps"])
            if notified >= chain.get("notifications", 0):  # they are sent after the answer to the caller
                self._open.discard(number)
                yield _listed(chain)

    def _chains(self) -> list[Mapping[str, Any]]:
        chains = self._local.get("/activity", {"limit": str(_NEWEST)})["chains"]
        return chains if isinstance(chains, list) else []


def _listed(chain: Mapping[str, Any]) -> ListedChain:
    response = chain["response"]
    return ListedChain(
        number=chain["number"],
        time=chain["startTime"][11:19],
        title=chain["title"],
        status=response["status"] if response else None,
        calls=tuple(_call(step) for step in chain["steps"] if step["listener"]),
    )


def _call(step: Mapping[str, Any]) -> ListedCall:
    memory = _MEMORY.search(step["function"]["report"]) if step["function"] else None
    return ListedCall(
        hook=step["name"],
        plugin=step["listener"].removeprefix("Plugin-"),
        status=step["response"]["status"] if step["response"] else None,
        milliseconds=step["milliseconds"],
        memory_megabytes=int(memory[1]) if memory else None,
        problem=step["problem"],
    )
