"""Reads what an ELF file needs, from its program headers and dynamic entries, as the loader does.

Not pyelftools: it reads symbol versions only from section headers, which are missing or wrong in real wheels (strip,
patchelf), and which the loader never uses. Figures: docs/decisions/0016-native-code-like-the-loader.md
Every offset is checked against the file, so a hostile file only counts as damaged.
"""

from __future__ import annotations

import re
import struct
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAGIC = b"\x7fELF"
X86_64 = 62
_PROGRAM, _SHARED = 2, 3
_LOAD, _DYNAMIC, _INTERPRETER = 1, 2, 3
_NEEDED, _STRINGS, _STRINGS_SIZE, _SONAME, _RPATH, _RUNPATH = 1, 5, 10, 14, 15, 29
_VERSIONS, _VERSIONS_COUNT = 0x6FFF_FFFE, 0x6FFF_FFFF
_MIN_HEADER, _SEGMENT = 20, 56
"""Bytes of the header that is the same for all machines, and of one program header."""
_CLASS_64 = 2
"""The header's class for 64-bit addresses (``EI_CLASS``)."""
_MAX_ITEMS = 4096
"""Limit for program headers, dynamic entries or versions of one file, and for the length of a name; real files have
a tenth of it."""
_MACHINES = {3: "x86 (32-bit)", 8: "MIPS", 20: "PowerPC", 21: "PowerPC 64", 22: "s390x", 40: "ARM (32-bit)"}
_MACHINES |= {62: "x86-64", 183: "ARM (64-bit)", 243: "RISC-V", 258: "LoongArch"}


_SYSTEMS = {2: "NetBSD", 6: "Solaris", 9: "FreeBSD", 12: "OpenBSD"}
"""Systems by their number in the header (``EI_OSABI``); Linux files have 0 (unspecified) or 3 (GNU)."""
_FOREIGN_LIBC = re.compile(r"libc\.so\.(?!6$)\d+(?:\.\d+)?")
"""The C libraries of BSD, whose files often leave ``EI_OSABI`` at 0; glibc's is ``libc.so.6``."""


class ElfType(StrEnum):
    """The type of an ELF file (``e_type``): a program, a shared library, or a file for linkers only."""

    PROGRAM = "program"
    SHARED = "shared"
    OTHER = "other"


class Elf(Struct, frozen=True, kw_only=True):
    """One ELF file.

    Attributes:
        machine: ``x86-64``, or the usual name of another machine.
        elf_type: Program, shared library, or neither.
        interpreter: Path of its loader, or empty.
        soname: Its own name as a library, or empty.
        needed: The libraries it needs.
        rpath: Folders to search for them, also for the libraries that it loads (``DT_RPATH``).
        runpath: Folders to search for its own libraries (``DT_RUNPATH``, which replaces ``rpath``).
        versions: (library, version name) of the symbols it needs, such as ``("libc.so.6", "GLIBC_2.28")``.
        has_python_init: It exports ``PyInit_``, so Python can import it.
        damage: Why it is unreadable, or empty.
    """

    machine: str
    elf_type: ElfType = ElfType.SHARED
    interpreter: str = ""
    soname: str = ""
    needed: tuple[str, ...] = ()
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    has_python_init: bool = False
    damage: str = ""


class _DamagedError(Exception):
    """An offset or a count outside the file."""


def read_elf(data: bytes) -> Elf:
    """Read an ELF file; never raises, whatever its bytes are."""
    if len(data) < _MIN_HEADER:
        return Elf(machine="", elf_type=ElfType.OTHER, damage="it ends inside its header")
    little = data[5] == 1
    kind, number = struct.unpack_from("<HH" if little else ">HH", data, 16)
    machine = _machine(number, wide=data[4] == _CLASS_64, little=little)
    if data[7] in _SYSTEMS:
        machine = f"{_SYSTEMS[data[7]]} on {machine}"
    elf_type = {_PROGRAM: ElfType.PROGRAM, _SHARED: ElfType.SHARED}.get(kind, ElfType.OTHER)
    if machine != _MACHINES[X86_64] or elf_type is ElfType.OTHER:
        return Elf(machine=machine, elf_type=elf_type)
    try:
        return _read(data, elf_type)
    except (_DamagedError, struct.error, OverflowError) as error:
        reason = str(error) if isinstance(error, _DamagedError) else "it contains an invalid offset"
        return Elf(machine=machine, elf_type=elf_type, damage=reason)


def _machine(number: int, *, wide: bool, little: bool) -> str:
    name = _MACHINES.get(number, f"machine {number}")
    if number == X86_64 and not wide:
        return "x86-64 with 32-bit addresses (x32)"
    return name if little or number != X86_64 else f"{name}, big-endian"


def _read(data: bytes, elf_type: ElfType) -> Elf:
    segments = tuple(_segments(data))
    interpreter = next(
        (_text(data, start, start + size) for kind, start, _, size in segments if kind == _INTERPRETER), ""
    )
    dynamic = next(((start, size) for kind, start, _, size in segments if kind == _DYNAMIC), None)
    if dynamic is None:
        return Elf(machine=_MACHINES[X86_64], elf_type=elf_type, interpreter=interpreter)
    entries = tuple(_entries(data, *dynamic))
    single = dict(entries)
    if _STRINGS not in single:
        return Elf(machine=_MACHINES[X86_64], elf_type=elf_type, interpreter=interpreter)
    start = _offset(segments, single[_STRINGS])
    end = min(start + single.get(_STRINGS_SIZE, 0), len(data))

    def text(tag: int) -> str:
        return _text(data, start + single[tag], end) if tag in single else ""

    needed = tuple(_text(data, start + value, end) for tag, value in entries if tag == _NEEDED)
    foreign = any(_FOREIGN_LIBC.fullmatch(name) for name in needed)
    return Elf(
        machine="BSD on x86-64" if foreign else _MACHINES[X86_64],
        elf_type=elf_type,
        interpreter=interpreter,
        soname=text(_SONAME),
        needed=needed,
        rpath=_folders(text(_RPATH)),
        runpath=_folders(text(_RUNPATH)),
        versions=tuple(_versions(data, single, segments, (start, end))),
        has_python_init=data.find(b"\0PyInit_", start, end) >= 0,
    )


_Segment = tuple[int, int, int, int]
"""Type, offset in the file, address in memory, bytes in the file."""


def _segments(data: bytes) -> Iterator[_Segment]:
    (table,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    if size < _SEGMENT or count > _MAX_ITEMS:
        msg = "its program headers have an invalid size"
        raise _DamagedError(msg)
    for index in range(count):
        kind, _, start, address, _, length = struct.unpack_from("<IIQQQQ", data, table + index * size)
        yield kind, start, address, length


def _entries(data: bytes, start: int, size: int) -> Iterator[tuple[int, int]]:
    for index in range(min(size // 16, _MAX_ITEMS)):
        tag, value = struct.unpack_from("<qQ", data, start + index * 16)
        if tag == 0:
            return
        yield tag, value


def _offset(segments: tuple[_Segment, ...], address: int) -> int:
    """The offset in the file of an address of the loaded program."""
    for kind, start, first, size in segments:
        if kind == _LOAD and first <= address < first + size:
            return start + address - first
    msg = "it contains an address outside its segments"
    raise _DamagedError(msg)


def _text(data: bytes, start: int, end: int) -> str:
    stop = data.find(b"\0", start, min(end, len(data), start + _MAX_ITEMS)) if 0 <= start < len(data) else -1
    if stop < 0:
        msg = "it contains a name without an end"
        raise _DamagedError(msg)
    return data[start:stop].decode("utf-8", "replace")


def _versions(
    data: bytes, single: Mapping[int, int], segments: tuple[_Segment, ...], strings: tuple[int, int]
) -> Iterator[tuple[str, str]]:
    if _VERSIONS not in single:
        return
    start, end = strings
    place = _offset(segments, single[_VERSIONS])
    left = _MAX_ITEMS
    for _ in range(min(single.get(_VERSIONS_COUNT, 0), _MAX_ITEMS)):
        _, count, file, first, following = struct.unpack_from("<HHIII", data, place)
        library = _text(data, start + file, end)
        inner = place + first
        left -= count
        if left < 0:
            msg = "its symbol versions have no end"
            raise _DamagedError(msg)
        for _ in range(count):
            _, _, _, name, step = struct.unpack_from("<IHHII", data, inner)
            yield library, _text(data, start + name, end)
            inner += step
        place += following


def _folders(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(":") if part)
