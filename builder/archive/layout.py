"""The records of a ZIP file (APPNOTE.TXT 6.3.10), and the only form in which the kit writes an entry's headers.

The reader, the writer and ``verify`` share this module.
"""

from __future__ import annotations

import stat
from struct import Struct
from typing import Final, Protocol

LOCAL_SIGNATURE: Final = b"PK\x03\x04"
CENTRAL_SIGNATURE: Final = b"PK\x01\x02"
END_SIGNATURE: Final = b"PK\x05\x06"
END64_SIGNATURE: Final = b"PK\x06\x06"
LOCATOR64_SIGNATURE: Final = b"PK\x06\x07"
DESCRIPTOR_SIGNATURE: Final = b"PK\x07\x08"

LOCAL: Final = Struct("<4s5H3L2H")
"""Signature, version needed, flags, method, time, date, crc32, compressed size, size, name length, extra length."""
CENTRAL: Final = Struct("<4s6H3L5H2L")
"""Signature, made by, needed, flags, method, time, date, crc32, sizes, lengths, disk, attributes, offset."""
END: Final = Struct("<4s4H2LH")
"""Signature, disk, directory's disk, entries here, entries, directory size, directory offset, comment length."""
END64: Final = Struct("<4sQ2H2L4Q")
LOCATOR64: Final = Struct("<4sLQL")

COMMENT_MAX: Final = 0xFFFF
SATURATED16: Final = 0xFFFF
SATURATED32: Final = 0xFFFF_FFFF
"""A field with this value means that the ZIP64 record has the real one."""

FLAG_ENCRYPTED: Final = 1 << 0
FLAG_DESCRIPTOR: Final = 1 << 3
FLAG_UTF8: Final = 1 << 11
FLAGS_KNOWN: Final = 0b110 | FLAG_DESCRIPTOR | FLAG_UTF8
"""Bits 1 and 2 only show how hard the compressor tried."""

EXTRA_ZIP64: Final = 0x0001
EXTRA_UNICODE_PATH: Final = 0x7075

UNIX: Final = 3
VERSION: Final = 20
DATE_1980: Final = (1 << 5) | 1
"""1980-01-01, the first day that a ZIP can store, with time 0."""

MADE_BY: Final = UNIX << 8 | VERSION

_COMMON: Final = Struct("<5H3L2H")
"""What both headers of an entry have: the fields of LOCAL after its signature."""
_CENTRAL_START: Final = CENTRAL_SIGNATURE + MADE_BY.to_bytes(2, "little")
_CENTRAL_END: Final = Struct("<3H2L")


class EntryFields(Protocol):
    """The values that headers store about an entry. ``Entry`` and ``PackMember`` have them."""

    @property
    def path(self) -> str:
        """Relative, ``/`` between parts."""

    @property
    def mode(self) -> int:
        """0o644 or 0o755."""

    @property
    def method(self) -> int:
        """0 stored or 8 deflated."""

    @property
    def crc32(self) -> int:
        """Of the content."""

    @property
    def compressed_size(self) -> int:
        """Bytes in the archive."""

    @property
    def size(self) -> int:
        """Bytes uncompressed."""


def entry_headers(entry: EntryFields, start: int) -> tuple[bytes, bytes]:
    """The local header and the central record of an entry: one date, no extra fields, no comment.

    Only names that are not ASCII get the UTF-8 flag, as ``zipfile`` and Info-ZIP write them,
    because a reader that does not know the flag reads ASCII correctly without it.

    Args:
        entry: The entry's values.
        start: Offset of the local header in the archive.
    """
    name = entry.path.encode()
    common = _COMMON.pack(
        VERSION,
        0 if name.isascii() else FLAG_UTF8,
        entry.method,
        0,
        DATE_1980,
        entry.crc32,
        entry.compressed_size,
        entry.size,
        len(name),
        0,
    )
    attributes = (stat.S_IFREG | entry.mode) << 16
    rest = _CENTRAL_END.pack(0, 0, 0, attributes, start)
    return LOCAL_SIGNATURE + common + name, _CENTRAL_START + common + rest + name
