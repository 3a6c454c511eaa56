"""Searches end, whatever a server answers."""

from __future__ import annotations

import pytest

from builder.publishing.api import paging
from builder.publishing.api.paging import PAGE_SIZE, ROWS_MAX, all_pages
from builder.publishing.api_values import SearchPage
from builder.publishing.failures import NoAnswer

ENDLESS = 10**12


def page(number: int, *, size: int = PAGE_SIZE, total: int = ENDLESS, weight: int = 0) -> SearchPage:
    return SearchPage(rows=tuple({"id": f"{number}-{row}", "x": "y" * weight} for row in range(size)), total=total)


def test_all_pages_are_read_and_no_more() -> None:
    requested: list[int] = []

    def read(number: int) -> SearchPage:
        requested.append(number)
        return page(number, size=PAGE_SIZE if number < 2 else 7, total=207)

    assert len(all_pages(read, "plugins")) == 207
    assert requested == [0, 1, 2]


def test_an_empty_page_ends_the_list_whatever_the_total_says() -> None:
    assert len(all_pages(lambda number: page(number, size=0 if number else PAGE_SIZE), "plugins")) == PAGE_SIZE


def test_repeated_pages_are_noticed_at_once() -> None:
    for cycle in (1, 3):
        requested: list[int] = []

        def read(number: int, cycle: int = cycle, requested: list[int] = requested) -> SearchPage:
            requested.append(number)
            return page(number % cycle)

        with pytest.raises(NoAnswer, match="the same as an earlier one"):
            all_pages(read, "plugins")
        assert len(requested) == cycle + 1


@pytest.mark.parametrize("size", [1, PAGE_SIZE, 5 * PAGE_SIZE])
def test_endless_pages_are_given_up(size: int) -> None:
    requested: list[int] = []

    def read(number: int) -> SearchPage:
        requested.append(number)
        return page(number, size=size)

    with pytest.raises(NoAnswer, match="list of plugins could not be read completely"):
        all_pages(read, "plugins")
    assert len(requested) <= ROWS_MAX // PAGE_SIZE


def test_heavy_and_slow_pages_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoAnswer, match="64 MB"):
        all_pages(lambda number: page(number, weight=200_000), "plugins")
    monkeypatch.setattr(paging, "SECONDS_MAX", -1.0)
    with pytest.raises(NoAnswer, match="took more than"):
        all_pages(page, "plugins")
