"""Every byte range of an archive: its members, their two headers, and the bytes after the directory."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, BinaryIO, Final

from msgspec import Struct

from builder.archive import layout
from builder.archive.archive_problems import ArchiveProblems
from builder.archive.directory import DirectoryRecord, read_directory
from builder.archive.entry_paths import sort_key
from builder.archive.layout import entry_headers
from builder.archive.reader import read_stream
from builder.errors import VerificationError
from builder.platform.limits import UNZIPPED_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builder.build_values import PackMember

_CHUNK: Final = 1 << 18
_END: Final = bytes(layout.END.size)


class ListingRow(Struct, frozen=True, kw_only=True):
    """One record of the central directory, with all of its bytes.

    Attributes:
        path: As listed; ends in ``/`` for a folder.
        member: The file as the strict reader returns it; None for a folder.
        start: Offset of its local header.
        local: The local header with name and extra fields.
        central: The central record with name, extra fields and comment.
        packed_sha256: Hex digest of the compressed bytes.
    """

    path: str
    member: PackMember | None
    start: int
    local: bytes
    central: bytes
    packed_sha256: str


class ArchiveListing(Struct, frozen=True, kw_only=True):
    """An archive, member by member.

    Attributes:
        rows: In the central directory's order.
        tail: The bytes after the central directory: the end record, ZIP64 records, a comment.
        sha256: Hex digest of the whole file; empty for a form that was never written.
        size: Bytes of the file.
    """

    rows: tuple[ListingRow, ...]
    tail: bytes
    sha256: str
    size: int

    @property
    def members(self) -> tuple[PackMember, ...]:
        """The files, without folders."""
        return tuple(row.member for row in self.rows if row.member is not None)


def list_archive(file: Path) -> ArchiveListing:
    """Read an archive strictly, and then the header bytes that may differ between archives of equal meaning.

    Raises:
        VerificationError: It cannot be read, unpacks to more than Lambda allows, or is not a ZIP
            that all programs read the same way.
    """
    try:
        with file.open("rb") as stream:
            members = {member.path: member for member in read_stream(stream, file, limit=UNZIPPED_MAX)}
            size = stream.seek(0, 2)
            span, records = read_directory(stream, size, ArchiveProblems(file))
            stream.seek(span.start)
            directory, tail = stream.read(span.size), stream.read()
            rows = tuple(
                _row(stream, record, members.get(record.path), central)
                for record, central in zip(records, _records(directory), strict=True)
            )
            stream.seek(0)
            return ArchiveListing(
                rows=rows, tail=tail, sha256=hashlib.file_digest(stream, "sha256").hexdigest(), size=size
            )
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}."
        raise VerificationError(msg, hint="Check the path.") from error


def canonical(listing: ArchiveListing) -> ArchiveListing:
    """The only form in which the kit writes the same files with the same compressed bytes."""
    files = [(row, row.member) for row in listing.rows if row.member is not None]
    rows = []
    for row, member in sorted(files, key=lambda pair: sort_key(pair[0].path)):
        local, central = entry_headers(member, row.start)
        rows.append(
            ListingRow(
                path=row.path,
                member=member,
                start=row.start,
                local=local,
                central=central,
                packed_sha256=row.packed_sha256,
            )
        )
    return ArchiveListing(rows=tuple(rows), tail=_END, sha256="", size=listing.size)


def _records(directory: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(directory):
        lengths = layout.CENTRAL.unpack_from(directory, at)[10:13]
        end = at + layout.CENTRAL.size + sum(lengths)
        yield directory[at:end]
        at = end


def _row(stream: BinaryIO, record: DirectoryRecord, member: PackMember | None, central: bytes) -> ListingRow:
    stream.seek(record.start)
    header = stream.read(layout.LOCAL.size)
    local = header + stream.read(sum(layout.LOCAL.unpack(header)[-2:]))
    digest, left = hashlib.sha256(), record.compressed_size
    while left and (chunk := stream.read(min(left, _CHUNK))):
        digest.update(chunk)
        left -= len(chunk)
    return ListingRow(
        path=record.path,
        member=member,
        start=record.start,
        local=local,
        central=central,
        packed_sha256=digest.hexdigest(),
    )
