"""Which packs are pruned."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.dependencies.store.maintenance import IN_USE_SECONDS, StoreEntry, select_prunable

DAY = 24 * 60 * 60
NOW = 1_800_000_000.0


def pack(key: str, days: float, size: int = 100) -> StoreEntry:
    return StoreEntry(key=key, file=Path(f"/store/{key}.zip"), size=size, used=NOW - days * DAY, label=key)


ROWS = (pack("new", 0.0), pack("week", 7.5), pack("month", 31), pack("year", 366, 500))


@pytest.mark.parametrize(
    ("days", "keep", "gone"),
    [
        (None, None, []),
        (30, None, ["year", "month"]),
        (7, None, ["year", "month", "week"]),
        (400, None, []),
        (None, 800, []),
        (None, 799, ["year"]),
        (None, 250, ["year", "month"]),
        (None, 0, ["year", "month", "week"]),
        (300, 250, ["year", "month"]),
        (300, 1000, ["year"]),
    ],
)
def test_the_least_recently_used_packs_are_pruned_first(days: int | None, keep: int | None, gone: list[str]) -> None:
    chosen = select_prunable(ROWS, now=NOW, older_than_days=days, keep_bytes=keep)
    assert [row.key for row in chosen] == gone


def test_packs_of_a_running_build_are_never_pruned() -> None:
    rows = [pack("in use", (IN_USE_SECONDS - 1) / DAY), pack("free", (IN_USE_SECONDS + 1) / DAY)]
    assert [row.key for row in select_prunable(rows, now=NOW, older_than_days=None, keep_bytes=0)] == ["free"]
