"""The records of a tar (POSIX.1-2017, ustar and pax), and the only form in which the kit writes them.

``tarfile`` is not used: its output has changed between versions of Python. ``layer_writer`` writes
these records, and ``layer_reader`` compares every header of a layer with them.
"""

from __future__ import annotations

from typing import Final

from builder.build_values import EXECUTABLE_MODE

BLOCK: Final = 512
END: Final = bytes(2 * BLOCK)
"""Two empty blocks end a tar."""

REGULAR: Final = b"0"
FOLDER: Final = b"5"
EXTENDED: Final = b"x"

MODIFIED: Final = 315_532_800
"""1980-01-01T00:00:00Z in seconds since 1970: the time of every file, as in the kit's ZIPs."""

RATIO_MAX: Final = 100
"""How many times its size a layer may unpack to. Packages have 3 to 30; a bomb has up to 1,032, the most of deflate."""
ALWAYS_ALLOWED: Final = 64 << 20
"""Bytes that a layer may unpack to whatever its size: text that repeats itself is small enough to be harmless."""

_NAME_MAX: Final = 100
_PREFIX_MAX: Final = 155
_EXTENDED_NAME: Final = b"././@PaxHeader"
_CHECKSUM_AT: Final = 148
_CHECKSUM_END: Final = 156


def unpacked_limit(size: int) -> int:
    """Bytes that a layer of this size may unpack to."""
    return max(ALWAYS_ALLOWED, size * RATIO_MAX)


def file_records(path: str, mode: int, size: int) -> bytes:
    """Everything that stands before a file's content.

    Args:
        path: Relative to the root of the image, ``/`` between parts.
        mode: 0o644 or 0o755.
        size: Bytes of its content; below 8 GiB, the most that a ustar header can store.
    """
    return _records(path, REGULAR, mode, size)


def folder_records(path: str) -> bytes:
    """The records of a folder, whose path has no ``/`` at its end."""
    return _records(f"{path}/", FOLDER, EXECUTABLE_MODE, 0)


def padding(size: int) -> bytes:
    """The zeros between a content of this size and the next block."""
    return bytes(-size % BLOCK)


def _records(path: str, kind: bytes, mode: int, size: int) -> bytes:
    """A header, and before it a pax record with the path when the header cannot store it."""
    name = path.encode()
    split = _split(name) if name.isascii() else None
    if split is not None:
        return _header(*split, kind, mode, size)
    record = _path_record(name)
    extended = _header(_EXTENDED_NAME, b"", EXTENDED, 0, len(record)) + record + padding(len(record))
    # Only readers that know no pax see this name; they end after as many bytes as it can store.
    shown = path.encode("ascii", "replace")[:_NAME_MAX]
    return extended + _header(shown, b"", kind, mode, size)


def _split(name: bytes) -> tuple[bytes, bytes] | None:
    """The name and prefix fields of a path; None when they are too short for it."""
    if len(name) <= _NAME_MAX:
        return name, b""
    at = name.find(b"/", len(name) - _NAME_MAX - 1, len(name) - 1)
    return (name[at + 1 :], name[:at]) if 0 < at <= _PREFIX_MAX else None


def _path_record(name: bytes) -> bytes:
    r"""``<length> path=<name>\n``: the length counts its own digits."""
    rest = b" path=" + name + b"\n"
    length = len(rest)
    while len(digits := str(length).encode()) + len(rest) != length:
        length = len(digits) + len(rest)
    return digits + rest


def _header(name: bytes, prefix: bytes, kind: bytes, mode: int, size: int) -> bytes:
    fields = (
        name.ljust(_NAME_MAX, b"\0"),
        b"%07o\0" % mode,
        b"%07o\0" % 0,  # owner
        b"%07o\0" % 0,  # group
        b"%011o\0" % size,
        b"%011o\0" % MODIFIED,
        b" " * (_CHECKSUM_END - _CHECKSUM_AT),
        kind,
        bytes(_NAME_MAX),  # target of a link
        b"ustar\x0000",
        bytes(64),  # names of owner and group
        b"%07o\0" % 0 + b"%07o\0" % 0,  # device
        prefix.ljust(_PREFIX_MAX, b"\0"),
        bytes(12),
    )
    header = b"".join(fields)
    checksum = b"%06o\0 " % sum(header)
    return header[:_CHECKSUM_AT] + checksum + header[_CHECKSUM_END:]
