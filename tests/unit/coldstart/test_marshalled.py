"""Bytecode in one spelling: what other objects hold does not show in it, and what it means stays."""

from __future__ import annotations

import marshal
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.coldstart.bytecode import bytecode_path
from builder.coldstart.canonical_bytecode import canonicalize

HERE = sys.version_info[:2]
SOURCE = '''
"""Everything that a constant can be."""
import os.path as p
A = (1, -(2**70), 1.5, 2j, None, ..., True, b"b" * 3, "ä", "x" * 300, ("deep", ("deeper",)))
class B:
    def c(self, d, *e, f=3, **g):
        if d in {"deep", 1, "two"}:
            return lambda: (d, e, [x for x in e if x not in {1, "two", "deep"}])
        return f"{d!r:>{f}}"
async def h():
    async with p as q:
        yield q
'''


def test_the_code_means_the_same_afterwards() -> None:
    code = compile(SOURCE, "/var/task/a.py", "exec")

    assert marshal.loads(canonicalize(marshal.dumps(code), HERE)) == code  # noqa: S302 - written one line above


def test_what_else_holds_an_object_does_not_show() -> None:
    code = compile(SOURCE, "/var/task/a.py", "exec")
    once = marshal.dumps(code)
    held = [constant for constant in code.co_consts if isinstance(constant, tuple | str)]
    again = marshal.loads(once)  # noqa: S302 - written two lines above

    assert held
    assert marshal.dumps(again) != b""
    assert (
        canonicalize(once, HERE)
        == canonicalize(marshal.dumps(code), HERE)
        == canonicalize(canonicalize(once, HERE), HERE)
    )


def test_a_mark_that_nothing_refers_to_is_taken_away_and_the_others_are_counted_anew() -> None:
    # ( "a" marked and unused, "b" marked, reference 1 ) as a tuple of three
    marked = b")\x03" + b"\xfa\x01a" + b"\xfa\x01b" + b"r\x01\x00\x00\x00"

    assert canonicalize(marked, (3, 13)) == b")\x03" + b"z\x01a" + b"\xfa\x01b" + b"r\x00\x00\x00\x00"


@given(st.binary(max_size=60))
def test_what_is_no_bytecode_is_refused_or_kept_in_its_length(data: bytes) -> None:
    try:
        result = canonicalize(data, (3, 12))
    except (ValueError, IndexError, KeyError):
        return
    assert len(result) == len(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"", "too early"), (b"NN", "after its end"), (b"\x01", "stands for nothing"), (b")\x02N", "early")],
)
def test_damage_is_named(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        canonicalize(data, (3, 13))


def test_bytecode_lies_where_the_import_system_looks() -> None:
    assert bytecode_path("a/b.py", "cpython-313") == "a/__pycache__/b.cpython-313.pyc"
    assert bytecode_path("index.py", "cpython-312") == "__pycache__/index.cpython-312.pyc"
