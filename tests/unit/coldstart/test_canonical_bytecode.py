"""Canonical bytecode: it does not depend on other references, and its meaning stays."""

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


def test_the_meaning_of_the_code_stays() -> None:
    code = compile(SOURCE, "/var/task/a.py", "exec")

    assert marshal.loads(canonicalize(marshal.dumps(code), HERE)) == code  # noqa: S302 - written one line above


def test_other_references_to_an_object_do_not_change_the_bytes() -> None:
    code = compile(SOURCE, "/var/task/a.py", "exec")
    once = marshal.dumps(code)
    references = [constant for constant in code.co_consts if isinstance(constant, tuple | str)]
    again = marshal.loads(once)  # noqa: S302 - written two lines above

    assert references
    assert marshal.dumps(again) != b""
    assert (
        canonicalize(once, HERE)
        == canonicalize(marshal.dumps(code), HERE)
        == canonicalize(canonicalize(once, HERE), HERE)
    )


def test_unused_marks_are_removed_and_the_others_are_numbered_again() -> None:
    # ( "a" marked and unused, "b" marked, reference 1 ) as a tuple of three
    marked = b")\x03" + b"\xfa\x01a" + b"\xfa\x01b" + b"r\x01\x00\x00\x00"

    assert canonicalize(marked, (3, 13)) == b")\x03" + b"z\x01a" + b"\xfa\x01b" + b"r\x00\x00\x00\x00"


@given(st.binary(max_size=60))
def test_other_data_is_rejected_or_keeps_its_length(data: bytes) -> None:
    try:
        result = canonicalize(data, (3, 12))
    except (ValueError, IndexError, KeyError):
        return
    assert len(result) == len(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "too early"), (b"NN", "after its end"), (b"\x01", "is not a type"), (b")\x02N", "early")],
)
def test_damaged_bytecode_is_an_error(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        canonicalize(data, (3, 13))


def test_bytecode_is_where_the_import_system_expects_it() -> None:
    assert bytecode_path("a/b.py", "cpython-313") == "a/__pycache__/b.cpython-313.pyc"
    assert bytecode_path("index.py", "cpython-312") == "__pycache__/index.cpython-312.pyc"
