"""What a rule checks: one table, and ways to read it whatever the types of its values are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date


class Subject(Struct, frozen=True, kw_only=True):
    """One table of plugin.toml.

    Attributes:
        table: The table without the values that violate the schema.
        written: The keys in the file, including those whose value violates the schema.
        today: The day for which the manifest is checked.
        prebuilt: Whether another tool builds the ZIP.
    """

    table: Mapping[str, object]
    written: frozenset[str]
    today: date
    prebuilt: bool = False

    def text(self, key: str, default: str = "") -> str:
        """The text at the key, or the default."""
        value = self.table.get(key, default)
        return value if isinstance(value, str) else default

    def subtable(self, key: str) -> Mapping[str, object]:
        """The table at the key, or an empty one."""
        value = self.table.get(key)
        return value if isinstance(value, dict) else {}


def table_items(table: Mapping[str, object], key: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The tables of a list with their indexes; entries of other types are skipped."""
    value = table.get(key)
    for index, row in enumerate(value if isinstance(value, list) else ()):
        if isinstance(row, dict):
            yield index, row


def text_items(table: Mapping[str, object], key: str) -> Iterator[tuple[int, str]]:
    """The texts of a list with their indexes; entries of other types are skipped."""
    value = table.get(key)
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, str):
            yield index, item
