"""Rectangles in proportion to sizes, as square as possible (Bruls, Huizing, van Wijk: Squarified Treemaps)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence


class Area(Struct, frozen=True):
    """A rectangle, in the units of the drawing."""

    x: float
    y: float
    width: float
    height: float


def squarify(sizes: Sequence[float], around: Area) -> tuple[Area, ...]:
    """One area for each size, in the same order; together they fill ``around``.

    Args:
        sizes: Positive, the largest first.
        around: The rectangle to fill.
    """
    total = sum(sizes)
    if not total:
        return ()
    scale = around.width * around.height / total
    areas: list[Area] = []
    left, row = around, list[float]()
    for size in sizes:
        side = min(left.width, left.height)
        if row and _worst([*row, size * scale], side) > _worst(row, side):
            placed, left = _place(row, left)
            areas += placed
            row = []
        row.append(size * scale)
    return (*areas, *_place(row, left)[0])


def _worst(row: Sequence[float], side: float) -> float:
    """The worst ratio of sides in a row of areas along a side."""
    total = sum(row)
    if not side or not min(row):
        return float("inf")
    return max(side**2 * max(row) / total**2, total**2 / (side**2 * min(row)))


def _place(row: Sequence[float], around: Area) -> tuple[list[Area], Area]:
    """A row along the shorter side, and the remaining rectangle beside it."""
    total = sum(row)
    areas: list[Area] = []
    at = 0.0
    if around.width >= around.height:
        thick = total / around.height if around.height else 0.0
        for area in row:
            areas.append(Area(around.x, around.y + at, thick, area / thick if thick else 0.0))
            at += areas[-1].height
        return areas, Area(around.x + thick, around.y, max(around.width - thick, 0.0), around.height)
    thick = total / around.width
    for area in row:
        areas.append(Area(around.x + at, around.y, area / thick if thick else 0.0, thick))
        at += areas[-1].width
    return areas, Area(around.x, around.y + thick, around.width, max(around.height - thick, 0.0))
