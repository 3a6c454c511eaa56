"""What a rule looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """One table of plugin.toml.

    Attributes:
        table: The table without the values whose shape is wrong.
        written: The keys that stand in the file, also those whose value has the wrong shape.
        today: The day the answer is for.
    """

    table: Mapping[str, object]
    written: frozenset[str]
    today: date

    def text(self, key: str, default: str = "") -> str:
        """The text at the key; the default when it is not there."""
        value = self.table.get(key, default)
        return value if isinstance(value, str) else default

    def subtable(self, key: str) -> Mapping[str, object]:
        """The table at the key; empty when it is not there."""
        value = self.table.get(key)
        return value if isinstance(value, dict) else {}


def table_items(table: Mapping[str, object], key: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The tables of a list with their indexes; entries of the wrong shape are passed over."""
    value = table.get(key)
    for index, row in enumerate(value if isinstance(value, list) else ()):
        if isinstance(row, dict):
            yield index, row


def text_items(table: Mapping[str, object], key: str) -> Iterator[tuple[int, str]]:
    """The texts of a list with their indexes; entries of the wrong shape are passed over."""
    value = table.get(key)
    for index, word in enumerate(value if isinstance(value, list) else ()):
        if isinstance(word, str):
            yield index, word
