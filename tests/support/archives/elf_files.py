"""Tiny ELF files, built byte by byte, without a compiler and without sections, which the loader does not read."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BASE = 0x40_0000
"""Addresses differ from offsets, so that tests fail if a reader confuses them."""
MACH_O = b"\xcf\xfa\xed\xfe" + bytes(100)
PE = b"MZ" + bytes(100)


def elf(  # noqa: PLR0913 - one keyword for each property that a test may change
    *,
    machine: int = 62,
    bits: int = 64,
    kind: int = 3,
    system: int = 0,
    needed: Sequence[str] = ("libc.so.6",),
    versions: Mapping[str, Sequence[str]] | None = None,
    runpath: str = "",
    rpath: str = "",
    soname: str = "",
    interpreter: str = "",
    exports: str = "",
) -> bytes:
    """A shared library (``kind`` 3) or program (2) with these dynamic entries.

    Args:
        versions: Library -> names of versions, such as ``{"libc.so.6": ["GLIBC_2.28"]}``.
        exports: A name in the string table, like that of an exported function.
    """
    strings = _Strings()
    entries = [(1, strings.add(name)) for name in needed]
    entries += [(tag, strings.add(text)) for tag, text in ((14, soname), (15, rpath), (29, runpath)) if text]
    strings.add(exports)
    verneed = _verneed(versions or {}, strings)
    count = 3 if interpreter else 2
    start = 64 + 56 * count
    place = start + 16 * (len(entries) + 5)
    where = {"strings": place, "verneed": place + len(strings.data)}
    entries += [(5, BASE + where["strings"]), (10, len(strings.data))]
    if versions:
        entries += [(0x6FFFFFFE, BASE + where["verneed"]), (0x6FFFFFFF, len(versions))]
    dynamic = b"".join(struct.pack("<qQ", *entry) for entry in entries)
    dynamic = dynamic.ljust(place - start, b"\0")
    tail = strings.data + verneed
    text = interpreter.encode() + b"\0" if interpreter else b""
    size = place + len(tail) + len(text)
    segments = [(1, 0, BASE, size), (2, start, BASE + start, place - start)]
    if interpreter:
        segments.append((3, place + len(tail), BASE + place + len(tail), len(text)))
    head = b"\x7fELF" + bytes([bits // 32, 1, 1, system]) + bytes(8)
    head += struct.pack("<HHIQQQIHHHHHH", kind, machine, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)
    program = b"".join(
        struct.pack("<IIQQQQQQ", sort, 4, offset, address, address, length, length, 8)
        for sort, offset, address, length in segments
    )
    return head + program + dynamic + tail + text


class _Strings:
    def __init__(self) -> None:
        self.data = b"\0"

    def add(self, text: str) -> int:
        at = len(self.data)
        self.data += text.encode() + b"\0"
        return at


def _verneed(versions: Mapping[str, Sequence[str]], strings: _Strings) -> bytes:
    records = b""
    for library, names in versions.items():
        inner = b"".join(struct.pack("<IHHII", 0, 0, 2, strings.add(name), 16) for name in names)
        records += struct.pack("<HHIII", 1, len(names), strings.add(library), 16, 16 + len(inner)) + inner
    return records
