"""Any two values as a difference in which unchanged parts are folded."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.console.chain_pages.folded_diff import LINES_MAX, folded_diff
from sandbox.console.recorded_text import shortened_json
from sandbox.json_diff import diff

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab"),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=5),
    max_leaves=30,
)


def shown(old: object, new: object) -> list[str]:
    lines, left_out = folded_diff(old, diff(old, new))
    assert left_out == 0
    signs = {"added": "+ ", "removed": "- ", "same": "  ", "folded": "… "}
    return [f"{signs[line.kind]}{'  ' * line.depth}{line.text}" for line in lines]


def test_unchanged_parts_are_folded_with_their_names() -> None:
    old = {"a": 1, "b": {"c": 2, "d": [1, 2, 3]}, "e": 5}
    new = {"a": 1, "b": {"c": 9, "d": [1, 2, 3], "f": True}, "e": 5}

    assert shown(old, new) == [
        "  {",
        "…   1 unchanged: a",
        '    "b": {',
        '-     "c": 2',
        '+     "c": 9',
        "…     1 unchanged: d",
        '+     "f": true',
        "    }",
        "…   1 unchanged: e",
        "  }",
    ]


def test_a_value_that_is_added_to_a_list_stands_at_its_place() -> None:
    assert shown([1, 2, 3], [1, 9, 2, 3]) == ["  [", "…   1 unchanged", "+   9", "…   2 unchanged", "  ]"]
    assert shown([1], [1, 2, 3]) == ["  [", "…   1 unchanged", "+   2", "+   3", "  ]"]


def test_equal_values_are_one_fold() -> None:
    assert shown({"a": 1}, {"a": 1}) == ["… nothing changed"]


def test_folded_values_can_be_read() -> None:
    old = {"kept": {"deep": [1]}, "changed": 1}

    lines, _ = folded_diff(old, diff(old, {**old, "changed": 2}))

    assert json.loads(lines[1].folded) == {"kept": {"deep": [1]}}


@given(VALUES, VALUES)
def test_every_change_has_its_lines(old: object, new: object) -> None:
    changes = diff(old, new)
    lines, _ = folded_diff(old, changes)

    expected = sum(2 if change.kind.value == "changed" else 1 for change in changes)
    assert sum(line.kind in {"added", "removed"} for line in lines) == expected


def patients(count: int) -> list[dict[str, Any]]:
    return [
        {"_id": str(number), "_name": {"firstName": "Synthetic", "lastName": str(number)}} for number in range(count)
    ]


def test_a_difference_of_a_megabyte_is_ready_before_anybody_waits() -> None:
    old = {"data": patients(14_000)}
    new = {
        "data": [
            {**one, "_name": {"firstName": "Anna"}} if at % 700 == 0 else one for at, one in enumerate(old["data"])
        ]
    }
    assert len(json.dumps(old)) > 1_000_000

    begin = time.process_time()
    lines, left_out = folded_diff(old, diff(old, new))
    seconds = time.process_time() - begin

    assert left_out == 0
    assert sum(line.kind == "added" for line in lines) == 20
    assert seconds < 1, "an order of magnitude above the bar, which tox -e console measures"


def test_a_very_long_difference_is_cut() -> None:
    lines, left_out = folded_diff([], diff([], list(range(10_000))))

    assert len(lines) == LINES_MAX
    assert left_out == 10_002 - LINES_MAX


@pytest.mark.parametrize("value", ["x" * 5_000, list(range(5_000)), {"key": "\ud800", "big": 2**70}])
def test_every_value_can_be_shown(value: object) -> None:
    assert 0 < len(shortened_json(value)) < 2_100
