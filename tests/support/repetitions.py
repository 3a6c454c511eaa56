"""Rows of a parametrized test that repeat a proof: plain tox runs some of them, `tox -e exhaustive` the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _pytest.mark import ParameterSet

Row = TypeVar("Row")


def exhaustive_except(rows: Iterable[Row], is_plain: Callable[[Row], bool]) -> list[ParameterSet]:
    """Every row, marked ``exhaustive`` unless ``is_plain`` is true for it. A tuple is a row of several arguments."""
    plain_or_not = [(row, is_plain(row)) for row in rows]
    assert any(plain for _, plain in plain_or_not), "plain tox runs at least one of the rows"
    return [
        pytest.param(*(row if isinstance(row, tuple) else (row,)), marks=() if plain else pytest.mark.exhaustive)
        for row, plain in plain_or_not
    ]


def exhaustive_after(count: int, rows: Iterable[Row]) -> list[ParameterSet]:
    """Every row, marked ``exhaustive`` except for the first ``count``."""
    numbers = iter(range(1_000_000))
    return exhaustive_except(rows, lambda _: next(numbers) < count)
