"""Finds the programs and libraries in a pack. The result is cached beside the pack."""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct

from builder.archive.reader import read_content
from builder.build_values import STORED
from builder.errors import PackagingError
from builder.host.fingerprint import code_digest
from builder.natives.native_files import PEEK, NativeFile, NativeFormat, native_format
from builder.natives.scan_cache import SUFFIX, dump_record, load_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from builder.build_values import Pack, PackMember


class ScannedPack(Struct, frozen=True, kw_only=True):
    """A pack with its programs and libraries by path."""

    pack: Pack
    natives: Mapping[str, NativeFile]

    @property
    def owner(self) -> str:
        """``name version``, as in entries of the artifact."""
        return f"{self.pack.package.name} {self.pack.package.version}"


_COMPRESSED_PEEK = 512
"""Compressed bytes to read at a time; nearly always enough for the first ``PEEK`` bytes."""


def scan_pack(pack: Pack) -> dict[str, NativeFile]:
    """Every program and library of a pack, by its path there.

    Raises:
        VerificationError: The pack has changed since it was checked.
    """
    record = pack.file.with_suffix(SUFFIX)
    with suppress(OSError):
        cached = load_record(record.read_bytes(), pack.members, code_digest())
        if cached is not None:
            return cached
    natives = {member.path: _read_native(pack.file, member, file_format) for member, file_format in _candidates(pack)}
    _write_record(record, dump_record(natives, pack.members, code_digest()))
    return natives


def identify_native(content: bytes) -> NativeFile | None:
    """The program or library with this content; None for other files."""
    file_format = native_format(content[:PEEK])
    if file_format is None:
        return None
    from builder.natives.elf import read_elf

    return NativeFile(file_format=file_format, elf=read_elf(content) if file_format is NativeFormat.ELF else None)


def _candidates(pack: Pack) -> Iterator[tuple[PackMember, NativeFormat]]:
    with pack.file.open("rb") as stream:
        for member in pack.members:
            file_format = native_format(_first_bytes(stream, member)) if member.size else None
            if file_format is not None:
                yield member, file_format


def _first_bytes(stream: BinaryIO, member: PackMember) -> bytes:
    """The first bytes of a member, decompressing no more than needed."""
    stream.seek(member.offset)
    if member.method == STORED:
        return stream.read(min(PEEK, member.compressed_size))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    left, out = member.compressed_size, b""
    # The store has checked the pack; a later step reports what cannot be decompressed.
    with suppress(zlib.error):
        while left and len(out) < PEEK and not inflater.eof:
            chunk = stream.read(min(left, _COMPRESSED_PEEK))
            if not chunk:
                break
            left -= len(chunk)
            out += inflater.decompress(chunk, PEEK - len(out))
    return out


def _read_native(file: Path, member: PackMember, file_format: NativeFormat) -> NativeFile:
    if file_format is not NativeFormat.ELF:
        return NativeFile(file_format=file_format)
    from builder.natives.elf import read_elf

    return NativeFile(file_format=file_format, elf=read_elf(read_content(file, member)))


def _write_record(record: Path, data: bytes) -> None:
    """Write a record; with a read-only store the pack is scanned again next time."""
    from builder.archive.atomic_files import atomic_file

    with suppress(PackagingError), atomic_file(record) as stream:
        stream.write(data)
