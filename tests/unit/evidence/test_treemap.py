"""Treemap areas are proportional, do not overlap, and are readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.evidence.inspection.treemap import Area, squarify


@given(
    st.lists(st.integers(1, 10**8), max_size=40),
    st.floats(10, 2000),
    st.floats(10, 2000),
)
def test_areas_are_proportional_and_fill_the_rectangle(sizes: list[int], width: float, height: float) -> None:
    ordered = sorted(map(float, sizes), reverse=True)
    areas = squarify(ordered, Area(0, 0, width, height))
    assert len(areas) == len(ordered)
    for size, area in zip(ordered, areas, strict=True):
        assert area.width * area.height == pytest.approx(size / sum(ordered) * width * height, rel=1e-6)
        assert area.x >= 0
        assert area.y >= 0
        # Floating point: a millionth of the drawing is far below a pixel.
        assert area.x + area.width <= width * (1 + 1e-6)
        assert area.y + area.height <= height * (1 + 1e-6)


def test_no_two_areas_overlap() -> None:
    areas = squarify([6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0], Area(0, 0, 6, 4))
    for number, one in enumerate(areas):
        for other in areas[number + 1 :]:
            across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
            down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
            assert min(across, down) < 1e-9


def test_the_example_of_the_paper_has_the_same_areas() -> None:
    first, second, *_ = squarify([6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0], Area(0, 0, 6, 4))
    assert (first.width, first.height, second.y) == (3, 2, 2)


def test_no_sizes_have_no_areas() -> None:
    assert squarify([], Area(0, 0, 1, 1)) == ()
