"""The differences between two JSON values."""

from __future__ import annotations

import copy
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.json_diff import describe, diff, patch

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False, allow_infinity=False) | st.text("ab"),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=5),
    max_leaves=30,
)


@given(VALUES, VALUES)
def test_the_changes_make_the_new_value_of_the_old_one(old: object, new: object) -> None:
    before = copy.deepcopy(old)
    result = patch(diff(old, new), old)

    assert result == new
    assert _same_types(result, new)
    assert old == before


def _scalars(value: object) -> list[object]:
    if isinstance(value, dict):
        return [part for key in sorted(value) for part in _scalars(value[key])]
    return [part for one in value for part in _scalars(one)] if isinstance(value, list) else [value]


def _same_types(result: object, new: object) -> bool:
    """True is not 1 in JSON, but 1 and 1.0 are one number."""
    pairs = zip(_scalars(result), _scalars(new), strict=True)
    return all(type(one) is type(other) or {type(one), type(other)} == {int, float} for one, other in pairs)


@given(VALUES)
def test_equal_values_have_no_changes(value: object) -> None:
    assert diff(value, copy.deepcopy(value)) == ()


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ({"a": 1}, {"a": True}, ["~ a: 1 -> true"]),
        ({"a": {"b": [1, 2, 3]}}, {"a": {"b": [0, 1, 2, 3]}}, ["+ a.b[0]: 0"]),
        ([{"id": 1}, {"id": 2}], [{"id": 2}], ['- [0]: {"id": 1}']),
        ({"gone": None}, {"new": "ä"}, ["- gone: null", '+ new: "ä"']),
        ([2**70, "\ud800"], [0, 2**70, "\ud800"], ["+ [0]: 0"]),
        ([float("inf"), None, 1], [None, True], ["- [0]: Infinity", "~ [2]: 1 -> true"]),
        ("a", ["a"], ['~ (all): "a" -> ["a"]']),
    ],
)
def test_changes_are_lines(old: object, new: object, lines: list[str]) -> None:
    assert [describe(change) for change in diff(old, new)] == lines


def test_a_megabyte_is_compared_quickly() -> None:
    old = {"entities": [{"_id": f"{n:08}", "_name": {"first": "x" * 30, "last": f"{n}"}} for n in range(12_000)]}
    assert len(json.dumps(old)) > 1_000_000
    new = copy.deepcopy(old)
    new["entities"][5_000]["_name"] = {"first": "y"}
    new["entities"].insert(0, {"_id": "new"})
    begin = time.process_time()
    changes = diff(old, new)

    assert time.process_time() - begin < 1  # the figure itself is in docs/functions.md
    assert len(changes) == 3
