"""Stored JSON is read as Python's ``json`` reads it, whatever was stored."""

from __future__ import annotations

import json

import pytest

from sandbox.activity.stored_json import read_json


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, 1.0, -0.0, 1e5, true, null, "é\\n"], "a": 2}',
        "123456789012345678901234567890",
        "[0.1, 123456789.123456789123456789, 1e-400]",
        "[NaN, Infinity, -Infinity, 1e400]",
        r'"\ud800 and \ud83d\ude00"',
        '"\ud800"',
    ],
)
def test_a_value_is_read_as_json_reads_it(text: str) -> None:
    assert repr(read_json(text)) == repr(json.loads(text))


def test_what_is_no_json_is_an_error() -> None:
    with pytest.raises(json.JSONDecodeError):
        read_json("{")
