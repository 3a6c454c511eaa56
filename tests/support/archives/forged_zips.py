"""Forge ZIP files byte by byte, so that a test can break exactly one thing."""

from __future__ import annotations

import stat
import struct
import zlib
from dataclasses import dataclass, field, replace
from typing import Any

REGULAR = (stat.S_IFREG | 0o644) << 16


@dataclass(frozen=True, kw_only=True)
class ForgedMember:
    """One member; ``local`` and ``central`` override single fields of one of its two headers."""

    name: bytes = b"a.txt"
    content: bytes = b"hello hello hello"
    method: int = 8
    flags: int = 0
    attributes: int = REGULAR
    data: bytes | None = None
    extra: bytes = b""
    after: bytes = b""
    before: bytes = b""
    local: dict[str, Any] = field(default_factory=dict)
    central: dict[str, Any] = field(default_factory=dict)

    @property
    def packed(self) -> bytes:
        if self.data is not None:
            return self.data
        return deflated(self.content) if self.method == 8 else self.content

    @property
    def crc(self) -> int:
        return zlib.crc32(self.content)


def deflated(content: bytes) -> bytes:
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
    return compressor.compress(content) + compressor.flush()


def forge(*members: ForgedMember, end: dict[str, Any] | None = None, zip64: bool = False) -> bytes:
    """A ZIP of these members; ``end`` overrides fields of the end record."""
    body, directory = b"", b""
    for member in members:
        body += member.before
        start = len(body)
        body += _local(member) + member.packed + member.after
        directory += _central(member, start)
    fields: dict[str, Any] = {
        "disk": 0,
        "here": len(members),
        "entries": len(members),
        "size": len(directory),
        "start": len(body),
        "comment": b"",
        "between": b"",
        "trailing": b"",
        "signature": b"PK\x05\x06",
    } | (end or {})
    wide = _zip64(len(members), len(directory), len(body)) if zip64 else b""
    tail = struct.pack(
        "<4s4H2LH",
        fields["signature"],
        fields["disk"],
        fields["disk"],
        fields["here"],
        fields["entries"],
        fields["size"],
        fields["start"],
        fields.get("comment_length", len(fields["comment"])),
    )
    between, comment, trailing = (bytes(fields[key]) for key in ("between", "comment", "trailing"))
    return body + directory + between + wide + tail + comment + trailing


def _header_fields(member: ForgedMember, overrides: dict[str, Any]) -> dict[str, Any]:
    return {
        "needed": 20,
        "flags": member.flags,
        "method": member.method,
        "crc": member.crc,
        "packed": len(member.packed),
        "size": len(member.content),
        "name": member.name,
        "extra": member.extra,
        "disk": 0,
        "attributes": member.attributes,
        "signature": None,
        "shift": 0,
        "name_length": None,
    } | overrides


def _local(member: ForgedMember) -> bytes:
    fields = _header_fields(member, member.local)
    return (
        struct.pack(
            "<4s5H3L2H",
            fields["signature"] or b"PK\x03\x04",
            fields["needed"],
            fields["flags"],
            fields["method"],
            0,
            33,
            fields["crc"],
            fields["packed"],
            fields["size"],
            len(fields["name"]),
            len(fields["extra"]),
        )
        + bytes(fields["name"])
        + bytes(fields["extra"])
    )


def _central(member: ForgedMember, start: int) -> bytes:
    fields = _header_fields(member, member.central)
    return (
        struct.pack(
            "<4s6H3L5H2L",
            fields["signature"] or b"PK\x01\x02",
            3 << 8 | 20,
            fields["needed"],
            fields["flags"],
            fields["method"],
            0,
            33,
            fields["crc"],
            fields["packed"],
            fields["size"],
            len(fields["name"]) if fields["name_length"] is None else fields["name_length"],
            len(fields["extra"]),
            0,
            fields["disk"],
            0,
            fields["attributes"],
            start + fields["shift"],
        )
        + bytes(fields["name"])
        + bytes(fields["extra"])
    )


def _zip64(entries: int, size: int, start: int) -> bytes:
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, entries, entries, size, start)
    return record + struct.pack("<4sLQL", b"PK\x06\x07", 0, start + size, 1)


def named(name: str | bytes, **changes: Any) -> ForgedMember:  # noqa: ANN401  # any field of Forged
    """A member of this name; text beyond ASCII is marked as UTF-8, as it should be."""
    raw = name.encode() if isinstance(name, str) else name
    return replace(ForgedMember(name=raw, flags=0 if raw.isascii() else 0x800), **changes)
