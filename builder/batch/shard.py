"""One machine's share of the work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shard:
    """Share ``number`` of ``count``; the first is number 1."""

    number: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``2/4``.

        Raises:
            ValueError: It is not I/N with 1 <= I <= N.
        """
        found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
        if not found or not 1 <= int(found[1]) <= int(found[2]):
            message = f"{text!r} is not I/N, such as 1/4 for the first of four shares"
            raise ValueError(message)
        return cls(number=int(found[1]), count=int(found[2]))

    def of(self, items: Sequence[T]) -> tuple[T, ...]:
        """Every ``count``-th item: all shares together are all items, and neighbours go to different machines.

        Neighbours are often alike in size, and a shard is done when its largest plugin is.
        """
        return tuple(items[self.number - 1 :: self.count])
