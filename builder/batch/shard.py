"""The share of the plugins that one of several machines packages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Shard(Struct, frozen=True, kw_only=True):
    """Share ``number`` of ``count``; the first is number 1."""

    number: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Parse ``2/4``.

        Raises:
            ValueError: The text is not I/N with 1 <= I <= N.
        """
        match = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
        if not match or not 1 <= int(match[1]) <= int(match[2]):
            message = f"{text!r} is not I/N, such as 1/4 for the first of four shares"
            raise ValueError(message)
        return cls(number=int(match[1]), count=int(match[2]))

    def of(self, items: Sequence[T], alike: Sequence[object] = ()) -> tuple[T, ...]:
        """One share, in the order of the items; all shares together are all items, and their sizes differ by at most 1.

        Args:
            items: What is divided.
            alike: A value for each item. Items with equal values go to as few machines as possible, so that few
                machines need the same packages.
        """
        first: dict[object, int] = {}
        for place, value in enumerate(alike):
            first.setdefault(value, place)
        places = sorted(range(len(items)), key=lambda place: first[alike[place]] if alike else place)
        size, larger = divmod(len(items), self.count)
        begin = size * (self.number - 1) + min(self.number - 1, larger)
        share = places[begin : begin + size + (self.number <= larger)]
        return tuple(items[place] for place in sorted(share))
