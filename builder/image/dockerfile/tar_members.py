"""The records of any member of a tar, in the one form that the kit writes: no time, no owner, no names of people.

``builder.image.tar_records`` has the files and folders that the kit's own layers consist of. Layers
of a Docker engine, and build contexts, also have links and devices.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from builder.image.tar_records import EXTENDED, MODIFIED, padding

FILE: Final = b"0"
HARD_LINK: Final = b"1"
SYMBOLIC_LINK: Final = b"2"
CHARACTER_DEVICE: Final = b"3"
BLOCK_DEVICE: Final = b"4"
DIRECTORY: Final = b"5"
PIPE: Final = b"6"

SIZE_MAX: Final = 8**11 - 1
"""Bytes of one file: a ustar header stores no larger number. It is close to Lambda's limit for a whole image."""

_NAME_MAX: Final = 100
_CHECKSUM_AT: Final = 148
_CHECKSUM_END: Final = 156
_MODE_BITS: Final = 0o7777


class TarMember(Struct, frozen=True, kw_only=True):
    """One member of a tar, without its content.

    Attributes:
        path: Relative to the root, without ``/`` at either end.
        kind: The type flag of its header.
        mode: Permissions.
        size: Bytes of its content; 0 for everything but a file.
        target: What a link names.
        device: Major and minor number of a device.
    """

    path: str
    kind: bytes
    mode: int
    size: int = 0
    target: str = ""
    device: tuple[int, int] = (0, 0)


def member_records(member: TarMember) -> bytes:
    """Everything that stands before a member's content."""
    name = _encode(f"{member.path}/" if member.kind == DIRECTORY else member.path)
    target = _encode(member.target)
    records = b"".join(
        _pax_record(key, value) for key, value in ((b"path", name), (b"linkpath", target)) if _long(value)
    )
    before = b""
    if records:
        size = len(records)
        before = _member_header(b"././@PaxHeader", TarMember(path="", kind=EXTENDED, mode=0, size=size), b"")
        before += records + padding(size)
    return before + _member_header(_shown(name), member, _shown(target))


def _encode(text: str) -> bytes:
    """A name as the tar that it came from has it, also when it is not UTF-8."""
    return text.encode("utf-8", "surrogateescape")


def _long(value: bytes) -> bool:
    return len(value) > _NAME_MAX or not value.isascii()


def _shown(value: bytes) -> bytes:
    """The value, or what a program that does not know pax sees instead."""
    return bytes(byte if byte < 128 else ord("?") for byte in value[:_NAME_MAX])  # noqa: PLR2004 - ASCII


def _pax_record(key: bytes, value: bytes) -> bytes:
    r"""``<length> key=value\n``: the length counts its own digits."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while len(digits := str(length).encode()) + len(rest) != length:
        length = len(digits) + len(rest)
    return digits + rest


def _member_header(name: bytes, member: TarMember, target: bytes) -> bytes:
    major, minor = member.device
    fields = (
        name.ljust(_NAME_MAX, b"\0"),
        b"%07o\0" % (member.mode & _MODE_BITS),
        b"%07o\0" % 0,  # owner
        b"%07o\0" % 0,  # group
        b"%011o\0" % member.size,
        b"%011o\0" % MODIFIED,
        b" " * (_CHECKSUM_END - _CHECKSUM_AT),
        member.kind,
        target.ljust(_NAME_MAX, b"\0"),
        b"ustar\x0000",
        bytes(64),  # names of owner and group
        b"%07o\0%07o\0" % (major, minor),
        bytes(167),
    )
    header = b"".join(fields)
    checksum = b"%06o\0 " % sum(header)
    return header[:_CHECKSUM_AT] + checksum + header[_CHECKSUM_END:]
