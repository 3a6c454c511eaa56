"""A body is checked while somebody writes it, and every problem has its line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.console.playground.body_problems import body_problems
from sandbox.console.playground.json_lines import json_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text('a"\\{}[]:,\n\u2028', max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab"\\{,:', max_size=3), inner, max_size=4),
    max_leaves=20,
)


def paths(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield from paths(inner, (*path, key))


@given(VALUES)
def test_every_value_of_an_indented_text_has_its_own_line(value: object) -> None:
    lines = json_lines(json.dumps(value, indent=1))

    # indented, each value begins a line of its own, in the order of the paths; closing brackets are between them
    assert list(lines) == list(paths(value))
    assert list(lines.values()) == sorted(set(lines.values()))
    assert set(json_lines(json.dumps(value)).values()) == {1}


PATIENT = """{
  "_name": {
    "firstName": 1
  },
  "_email": 5,
  "_gender": "X",
  "_unknown": {},
  "own": [],
  "_locale": "de"
}"""


def problems(what: str, text: str) -> list[tuple[int | None, str]]:
    return [(one.line, one.message) for one in body_problems(what, text)]


def test_every_problem_of_an_action_has_its_line() -> None:
    assert problems("patient _create", PATIENT) == [
        (2, "lastName is missing."),
        (3, "firstName must be a text."),
        (5, "_email must be a text."),
        (6, "_gender must be one of MALE, FEMALE, UNDISCLOSED."),
        (7, "There is no attribute _unknown."),
        (9, "_locale must have the form ^[a-z]{2,3}-[a-z]{2}$."),
    ]


@pytest.mark.parametrize(
    ("what", "text", "found"),
    [
        ("patient _create", "", []),
        ("patient _create", "{}", []),
        ("patient _create", '{\n"_name.firstName": 7}', [(2, "firstName must be a text.")]),
        ("patient _create", '{"_name.firstName": "Anna", "own": 1}', []),
        ("patient _create", "[]", [(1, "The values of an action are an object: { … }.")]),
        ("patient _delete", '{"a": 1}', [(1, "patient _delete sends no body, so these values are not used.")]),
        ("POST/device/v2/devices", '{\n"_id": "d1"}', [(1, "_templateId is missing.")]),
        ("PATCH/device/v2/devices/d1", '{"_description": "new"}', []),
        ("GET/device/v2/devices", '{"anything": 1}', []),
        ("patient _nothing", '{"anything": 1}', []),
        ("", '{"anything": 1}', []),
        ("", '{\n"": 1,\nb}', [(3, "This is not JSON: Expecting property name enclosed in double quotes (column 1).")]),
        ("", "[" * 100_000, [(None, "It is nested too deeply, or a number has too many digits.")]),
    ],
)
def test_a_body_is_checked_for_what_it_is_sent_to(what: str, text: str, found: list[tuple[int | None, str]]) -> None:
    assert problems(what, text) == found
