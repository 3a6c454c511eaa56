"""The records of a ZIP file, as APPNOTE.TXT 6.3.10 lays them out; shared by the reader and the writer."""

from __future__ import annotations

from struct import Struct
from typing import Final

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
"""A field of this value says: look in the ZIP64 record."""

FLAG_ENCRYPTED: Final = 1 << 0
FLAG_DESCRIPTOR: Final = 1 << 3
FLAG_UTF8: Final = 1 << 11
FLAGS_KNOWN: Final = 0b110 | FLAG_DESCRIPTOR | FLAG_UTF8
"""Bits 1 and 2 only tell how hard the compressor tried."""

EXTRA_ZIP64: Final = 0x0001
EXTRA_UNICODE_PATH: Final = 0x7075

UNIX: Final = 3
VERSION: Final = 20
DATE_1980: Final = (1 << 5) | 1
"""1980-01-01, the first day that a ZIP can name; its time is 0."""
