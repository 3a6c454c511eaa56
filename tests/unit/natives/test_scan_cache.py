"""The cached scan of a pack is valid for exactly that pack."""

from __future__ import annotations

import pytest

from builder.natives.native_scan import identify_native
from builder.natives.scan_cache import dump_record, load_record
from tests.support.archives.elf_files import PE, elf
from tests.support.plugins.small_bundles import member_of

FILES = {
    "a.so": elf(versions={"libc.so.6": ["GLIBC_2.28"]}, runpath="$ORIGIN", soname="a", exports="PyInit_a"),
    "b.so": elf(machine=183),
    "c.exe": PE,
    "d.py": b"pass",
}
MEMBERS = tuple(member_of(path, content) for path, content in FILES.items())
NATIVES = {path: native for path, content in FILES.items() if (native := identify_native(content)) is not None}
CODE = "5e" * 32
RECORD = dump_record(NATIVES, MEMBERS, CODE)


def test_a_record_round_trips() -> None:
    assert len(NATIVES) == 3
    assert load_record(RECORD, MEMBERS, CODE) == NATIVES
    assert load_record(dump_record({}, MEMBERS, CODE), MEMBERS, CODE) == {}


@pytest.mark.parametrize(
    "record",
    [b"", RECORD[:-1], RECORD.replace(b"GLIBC_2.28", b"GLIBC_2.17"), RECORD.partition(b"\n")[2], b"\xff\n{}"],
)
def test_a_damaged_record_counts_as_absent(record: bytes) -> None:
    assert load_record(record, MEMBERS, CODE) is None


def test_a_record_of_other_contents_counts_as_absent() -> None:
    assert load_record(RECORD, (member_of("a.so", b"other"), *MEMBERS[1:]), CODE) is None
    assert load_record(RECORD, MEMBERS[:-1], CODE) is None


def test_a_record_of_other_code_counts_as_absent() -> None:
    assert load_record(RECORD, MEMBERS, "6f" * 32) is None
    assert load_record(dump_record({}, MEMBERS, CODE), MEMBERS, "6f" * 32) is None
