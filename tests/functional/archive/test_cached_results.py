"""Results in the store: computed once, hashed on every use, and never an obstacle to a build."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from builder.archive.cached_results import ResultCache
from builder.dependencies.store.maintenance import find_damaged, list_entries, remove, select_prunable
from builder.dependencies.store.pack_store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RESULT = {"licence": "MIT", "größe": ["1", "2"]}
DAY = 24 * 60 * 60


class Asked:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> dict[str, object]:
        self.times += 1
        return dict(RESULT)


def packs_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("packs/*/*.zip"))


def test_a_result_is_computed_once_for_each_name_and_inputs(tmp_path: Path) -> None:
    compute = Asked()
    cache = ResultCache(store=Store(tmp_path), inputs=("lock 1",))
    assert [cache.get_or_compute("facts", compute) for _ in range(3)] == [RESULT] * 3
    assert compute.times == 1
    cache.get_or_compute("savings", compute)
    ResultCache(store=Store(tmp_path), inputs=("lock 2",)).get_or_compute("facts", compute)
    assert compute.times == 3
    assert ResultCache(store=Store(tmp_path), inputs=("lock 1",)).get_or_compute("facts", compute) == RESULT
    assert compute.times == 3


def flipped(data: bytes) -> bytes:
    return bytes([*data[:50], data[50] ^ 1, *data[51:]])


def torn(data: bytes) -> bytes:
    return data[: len(data) // 2]


def test_a_changed_result_is_computed_again(tmp_path: Path) -> None:
    compute = Asked()
    cache = ResultCache(store=Store(tmp_path), inputs=("lock",))
    changes: tuple[Callable[[bytes], bytes], ...] = (flipped, torn)
    for suffix in (".zip", ".index"):
        for change in changes:
            cache.get_or_compute("facts", compute)
            before = compute.times
            file = packs_of(tmp_path)[0].with_suffix(suffix)
            file.write_bytes(change(file.read_bytes()))
            assert cache.get_or_compute("facts", compute) == RESULT
            assert compute.times == before + 1
    assert find_damaged(Store(tmp_path)) == (1, ())


def test_a_read_only_store_stores_nothing_and_stops_nothing(tmp_path: Path) -> None:
    compute = Asked()
    (tmp_path / "work").write_bytes(b"")
    for cache in (ResultCache(), ResultCache(store=Store(tmp_path))):
        compute.times = 0
        assert [cache.get_or_compute("facts", compute) for _ in range(2)] == [RESULT] * 2
        assert compute.times == 2


def test_cached_results_are_pruned_like_packages(tmp_path: Path) -> None:
    store, compute = Store(tmp_path), Asked()
    ResultCache(store=store, inputs=("lock",)).get_or_compute("facts", compute)
    file = packs_of(tmp_path)[0]
    os.utime(file, (1000.0, 1000.0))
    assert [row.label for row in list_entries(store)] == ["package metadata"]
    remove(select_prunable(list_entries(store), now=1000.0 + 40 * DAY, older_than_days=30, keep_bytes=None))
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []
