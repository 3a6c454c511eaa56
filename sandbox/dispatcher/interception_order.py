"""The order of all subscriptions of one API after new ones were added: BioT's rule, computed in memory.

BioT OpenAPI specification 2.4.2, dispatcher: a new subscription gets the order that it asks for, the one that has this
order moves up by one, "and so forth". Applied row by row in the database, many new subscriptions with the same order
would move each other again and again; here each of them costs one search and one insertion into a list.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def arrange_orders(existing: Iterable[tuple[str, int]], added: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return the order of every subscription, by id, after new ones were added one after the other.

    Args:
        existing: The ids and orders of the existing subscriptions; no two have the same order.
        added: The ids and requested orders of the new ones.
    """
    runs = _Runs()
    for identifier, order in sorted(existing, key=itemgetter(1)):
        runs.insert(identifier, order)
    for identifier, order in added:
        runs.insert(identifier, order)
    return runs.orders()


class _Runs:
    """Runs of consecutive orders, as lists: an insertion moves the rest of its run, up to the next gap."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._members: list[list[str]] = []

    def insert(self, identifier: str, order: int) -> None:
        run = bisect_right(self._starts, order) - 1
        if run >= 0 and order <= self._end(run):
            self._members[run].insert(order - self._starts[run], identifier)
        else:
            run += 1
            self._starts.insert(run, order)
            self._members.insert(run, [identifier])
        if run + 1 < len(self._starts) and self._starts[run + 1] == self._end(run):
            del self._starts[run + 1]
            self._members[run] += self._members.pop(run + 1)

    def orders(self) -> dict[str, int]:
        runs = zip(self._starts, self._members, strict=True)
        return {identifier: order for start, members in runs for order, identifier in enumerate(members, start)}

    def _end(self, run: int) -> int:
        return self._starts[run] + len(self._members[run])
