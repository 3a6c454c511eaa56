"""Repetitions of a proof, of which plain tox runs some: rows of a parametrized test, and generated examples."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import settings

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
    numbers = itertools.count()
    return exhaustive_except(rows, lambda _: next(numbers) < count)


def plain_every(step: int, rows: Iterable[Row]) -> list[ParameterSet]:
    """Every row, marked ``exhaustive`` except for the first of each ``step`` rows."""
    numbers = itertools.count()
    return exhaustive_except(rows, lambda _: next(numbers) % step == 0)


def plain_once(rows: Iterable[Row], kind_of: Callable[[Row], object]) -> list[ParameterSet]:
    """Every row, marked ``exhaustive`` except for the first of each kind."""
    known: set[object] = set()

    def is_new(row: Row) -> bool:
        new = kind_of(row) not in known
        known.add(kind_of(row))
        return new

    return exhaustive_except(rows, is_new)


def examples(count: int) -> int:
    """How many examples to generate when a complete run generates ``count``: fewer under the profile of plain tox."""
    return max(10, count * settings().max_examples // 100)
