"""ELF files as the loader reads them, and files that only look like ELF."""

from __future__ import annotations

import random

import pytest

from builder.natives.elf import ElfType, read_elf
from builder.natives.native_files import NativeFormat, abi_tag, is_library, native_format
from tests.support.archives.elf_files import MACH_O, PE, elf

FULL = elf(
    needed=("libfoo.so.1", "libc.so.6"),
    versions={"libc.so.6": ["GLIBC_2.28", "GLIBC_2.2.5"], "libstdc++.so.6": ["GLIBCXX_3.4.29"]},
    runpath="$ORIGIN/../a.libs:$ORIGIN",
    rpath="/old",
    soname="libme.so.2",
    interpreter="/lib64/ld-linux-x86-64.so.2",
    exports="PyInit_me",
)


def test_all_loader_data_is_read_without_section_headers() -> None:
    read = read_elf(FULL)

    assert (read.machine, read.elf_type, read.damage) == ("x86-64", ElfType.SHARED, "")
    assert read.needed == ("libfoo.so.1", "libc.so.6")
    assert read.versions == (
        ("libc.so.6", "GLIBC_2.28"),
        ("libc.so.6", "GLIBC_2.2.5"),
        ("libstdc++.so.6", "GLIBCXX_3.4.29"),
    )
    assert (read.runpath, read.rpath) == (("$ORIGIN/../a.libs", "$ORIGIN"), ("/old",))
    assert (read.soname, read.interpreter, read.has_python_init) == ("libme.so.2", "/lib64/ld-linux-x86-64.so.2", True)


@pytest.mark.parametrize(
    ("data", "machine"),
    [
        (elf(machine=183), "ARM (64-bit)"),
        (elf(machine=3, bits=32), "x86 (32-bit)"),
        (elf(bits=32), "x86-64 with 32-bit addresses (x32)"),
        (elf(system=9), "FreeBSD on x86-64"),
        (elf(needed=("libc.so.7",)), "BSD on x86-64"),
        (elf(machine=9999), "machine 9999"),
        (elf()[:5] + b"\x02" + elf()[6:18] + b"\0\x16" + elf()[20:], "s390x"),
    ],
)
def test_other_machines_and_systems_are_named(data: bytes, machine: str) -> None:
    assert read_elf(data).machine == machine


def test_files_for_linkers_have_another_type() -> None:
    assert read_elf(elf(kind=1)).elf_type is ElfType.OTHER
    assert read_elf(elf(kind=2)).elf_type is ElfType.PROGRAM


@pytest.mark.parametrize("length", [4, 19, 40, 64, 150, 300, len(FULL) - 60])
def test_a_truncated_file_is_damaged(length: int) -> None:
    assert read_elf(FULL[:length]).damage


def test_reading_ends_for_any_bytes() -> None:
    chance = random.Random(1)  # noqa: S311 - a fixed sequence
    for _ in range(2000):
        data = bytearray(FULL)
        for _ in range(chance.randrange(1, 8)):
            data[chance.randrange(16, len(data))] = chance.randrange(256)
        read_elf(bytes(data))


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (FULL, NativeFormat.ELF),
        (MACH_O, NativeFormat.MACH_O),
        (b"\xca\xfe\xba\xbe\0\0\0\x02" + bytes(60), NativeFormat.MACH_O),
        (b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(60), None),
        (PE, NativeFormat.PE),
        (b"MZ is how this text begins", None),
        (b"\x7fEL", None),
        (b"", None),
    ],
)
def test_the_format_is_recognised_by_the_first_bytes(start: bytes, kind: NativeFormat | None) -> None:
    assert native_format(start[:64]) is kind


def test_abi_tags_and_libraries_are_recognised_by_name() -> None:
    assert abi_tag("a/_x.cpython-312-x86_64-linux-gnu.so") == "cpython-312"
    assert abi_tag("a/_x.abi3.so") == "abi3"
    assert abi_tag("a/libx.so.1") == ""
    assert [name for name in ("a.so", "a.so.1.2", "a.node", "a.sock", "so") if is_library(name)] == [
        "a.so",
        "a.so.1.2",
        "a.node",
    ]
