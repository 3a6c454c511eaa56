"""Packs -> the programs and libraries in them. Read once; afterwards the record beside the pack answers."""

from __future__ import annotations

import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from builder.archive.reader import read_content
from builder.build_values import STORED
from builder.errors import PackagingError
from builder.fingerprint import code_digest
from builder.natives.native_files import PEEK, NativeFile, NativeFormat, native_format
from builder.natives.scan_cache import SUFFIX, dump_record, load_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from builder.build_values import Pack, PackMember


@dataclass(frozen=True, kw_only=True, slots=True)
class ScannedPack:
    """A pack and the programs and libraries in it, by path."""

    pack: Pack
    natives: Mapping[str, NativeFile]

    @property
    def owner(self) -> str:
        """``name version``, as entries of the artifact name their package."""
        return f"{self.pack.package.name} {self.pack.package.version}"


_COMPRESSED_PEEK = 512
"""Compressed bytes to read at a time: nearly always enough for the first ``PEEK`` bytes."""


def scan_pack(pack: Pack) -> dict[str, NativeFile]:
    """Every program and library of a pack, by its path there.

    Raises:
        VerificationError: The pack was changed since it was checked.
    """
    record = pack.file.with_suffix(SUFFIX)
    with suppress(OSError):
        known = load_record(record.read_bytes(), pack.members, code_digest())
        if known is not None:
            return known
    found = {member.path: _native(pack.file, member, kind) for member, kind in _suspects(pack)}
    _remember(record, dump_record(found, pack.members, code_digest()))
    return found


def identify_native(content: bytes) -> NativeFile | None:
    """What one file is, by its content; None when it is no program and no library."""
    kind = native_format(content[:PEEK])
    if kind is None:
        return None
    from builder.natives.elf import read_elf

    return NativeFile(kind=kind, elf=read_elf(content) if kind is NativeFormat.ELF else None)


def _suspects(pack: Pack) -> Iterator[tuple[PackMember, NativeFormat]]:
    with pack.file.open("rb") as stream:
        for member in pack.members:
            kind = native_format(_start(stream, member)) if member.size else None
            if kind is not None:
                yield member, kind


def _start(stream: BinaryIO, member: PackMember) -> bytes:
    """The first bytes of a member, unpacking no more than needed."""
    stream.seek(member.offset)
    if member.method == STORED:
        return stream.read(min(PEEK, member.compressed_size))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    left, out = member.compressed_size, b""
    with suppress(
        zlib.error
    ):  # the store has checked the pack; what cannot be unpacked now is told by whoever copies it
        while left and len(out) < PEEK and not inflater.eof:
            chunk = stream.read(min(left, _COMPRESSED_PEEK))
            if not chunk:
                break
            left -= len(chunk)
            out += inflater.decompress(chunk, PEEK - len(out))
    return out


def _native(file: Path, member: PackMember, kind: NativeFormat) -> NativeFile:
    if kind is not NativeFormat.ELF:
        return NativeFile(kind=kind)
    from builder.natives.elf import read_elf

    return NativeFile(kind=kind, elf=read_elf(read_content(file, member)))


def _remember(record: Path, data: bytes) -> None:
    """Keep a record; a store that cannot be written is read again next time."""
    from builder.archive.atomic_files import atomic_file

    with suppress(PackagingError), atomic_file(record) as stream:
        stream.write(data)
