"""Which order each subscription of one API gets when others join it: BioT's rule, worked out in memory.

BioT OpenAPI specification 2.4.2, dispatcher: a newcomer takes the order that it asks for, whoever has it moves on by
one, "and so forth". Applied row by row in the database, many newcomers at one place would move each other on again and
again; here every newcomer costs one search and one insertion into a list.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def arrange_orders(present: Iterable[tuple[str, int]], newcomers: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The order of everybody, by id, after the newcomers joined one after the other.

    Args:
        present: Who is there, with its order; no two share one.
        newcomers: Who joins, with the order that it asks for.
    """
    runs = _Runs()
    for identifier, order in sorted(present, key=lambda one: one[1]):
        runs.insert(identifier, order)
    for identifier, order in newcomers:
        runs.insert(identifier, order)
    return runs.orders()


class _Runs:
    """Orders without gaps between them, as lists: who moves on moves with its whole run, up to the next gap."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._members: list[list[str]] = []

    def insert(self, identifier: str, order: int) -> None:
        at = bisect_right(self._starts, order) - 1
        if at >= 0 and order <= self._end(at):
            self._members[at].insert(order - self._starts[at], identifier)
        else:
            at += 1
            self._starts.insert(at, order)
            self._members.insert(at, [identifier])
        if at + 1 < len(self._starts) and self._starts[at + 1] == self._end(at):
            del self._starts[at + 1]
            self._members[at] += self._members.pop(at + 1)

    def orders(self) -> dict[str, int]:
        runs = zip(self._starts, self._members, strict=True)
        return {one: order for start, members in runs for order, one in enumerate(members, start)}

    def _end(self, at: int) -> int:
        return self._starts[at] + len(self._members[at])
