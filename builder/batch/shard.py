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

    def of(self, items: Sequence[T]) -> tuple[T, ...]:
        """Every ``count``-th item, so neighbours go to different machines; all shares together are all items.

        Neighbours are often similar in size, and a shard is done when its largest plugin is.
        """
        return tuple(items[self.number - 1 :: self.count])
