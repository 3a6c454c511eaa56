"""A strict ZIP reader: every other program reads the same files from the archives that it accepts.

Python's own ``zipfile`` reads only the central directory, installers stream the local headers, and
``unzip`` repairs what it can. A file that exploits the difference installs one thing and shows
another (CVE-2025-54368). So nothing is repaired here: duplicates, gaps, overlaps, contradictions,
and members that are neither files nor folders are refused.
"""

from __future__ import annotations

import hashlib
import stat
import zlib
from typing import TYPE_CHECKING, BinaryIO

from builder.archive import layout
from builder.archive.archive_problems import ArchiveProblems
from builder.archive.directory import DirectoryRecord, data_offsets, read_directory
from builder.archive.entry_paths import folders_of, path_problem
from builder.build_values import DEFLATED, EXECUTABLE_MODE, REGULAR_MODE, STORED, PackMember
from builder.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

UNPACKED_MAX = 1 << 30
"""Bytes that one archive may unpack to: four times Lambda's limit, so that the size report can still show it."""

_CHUNK = 1 << 18


def read_members(file: Path, *, limit: int = UNPACKED_MAX) -> tuple[PackMember, ...]:
    """Check a whole archive and return every regular file in it, in the order of the central directory.

    Headers are checked before the first byte is unpacked, and no member is unpacked beyond the size
    it declares.

    Args:
        file: A wheel, a pack or an artifact.
        limit: Bytes that the members together may unpack to.

    Raises:
        VerificationError: It is missing, not a ZIP, ambiguous or damaged; with every problem.
    """
    try:
        with file.open("rb") as stream:
            return read_stream(stream, file, limit=limit)
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}."
        raise VerificationError(msg, hint="Check the path.") from error


def read_stream(stream: BinaryIO, file: Path, *, limit: int = UNPACKED_MAX) -> tuple[PackMember, ...]:
    """The same for an open stream; ``file`` is only its name in messages.

    Raises:
        VerificationError: As ``read_members``.
    """
    problems = ArchiveProblems(file)
    size = stream.seek(0, 2)
    span, records = read_directory(stream, size, problems)
    check_records(records, limit, problems)
    problems.raise_if_any()
    offsets = data_offsets(stream, records, span.start, problems)
    problems.raise_if_any()
    members = tuple(
        _read_member(stream, record, offset, problems)
        for record, offset in zip(records, offsets, strict=True)
        if not record.is_folder
    )
    problems.raise_if_any()
    return members


def check_records(records: Sequence[DirectoryRecord], limit: int, problems: ArchiveProblems) -> None:
    """Check the records of the central directory, before anything else is read."""
    total = sum(record.size for record in records)
    if total > limit:
        problems.add(f"unpacks to {total} bytes; {limit} are allowed")
    files: set[str] = set()
    folders: set[str] = set()
    for record in records:
        path = record.path.rstrip("/") if record.is_folder else record.path
        bad_path = path_problem(path if record.path.endswith("/") and not record.path.endswith("//") else record.path)
        for message in (bad_path, _format_problem(record), _type_problem(record)):
            if message:
                problems.add(message, record.path)
        seen = folders if record.is_folder else files
        if path in seen:
            problems.add("is in the archive twice", record.path)
        seen.add(path)
    above = folders.union(*(folders_of(path) for path in files)) if files else folders
    for path in sorted(files & above):
        problems.add("is a file and a folder at once", path)


def _format_problem(record: DirectoryRecord) -> str:
    if record.flags & layout.FLAG_ENCRYPTED:
        return "is encrypted; only archives without a password can be read"
    if record.flags & ~layout.FLAGS_KNOWN:
        return f"uses ZIP features that programs handle differently (flags {record.flags:#06x})"
    if record.method not in {STORED, DEFLATED}:
        return f"is compressed by method {record.method}; allowed are stored (0) and deflated (8)"
    if record.method == STORED and record.size != record.compressed_size:
        return "is stored, but its two sizes differ"
    if any("\ud800" <= character <= "\udfff" for character in record.path):
        return "has a name that is not UTF-8 or not marked as UTF-8, which programs decode differently"
    return ""


def _type_problem(record: DirectoryRecord) -> str:
    mode = record.attributes >> 16
    kind = stat.S_IFMT(mode)
    if kind == stat.S_IFLNK:
        return "is a symbolic link; only files and folders are allowed"
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return "is a device, pipe or socket; only files and folders are allowed"
    if record.is_folder and (kind == stat.S_IFREG or record.size):
        return "is a folder by its name and a file by its content"
    if not record.is_folder and (kind == stat.S_IFDIR or mode & (stat.S_ISUID | stat.S_ISGID)):
        return "has the mode of a folder or a set-user-id bit, which no package needs"
    return ""


def _read_member(stream: BinaryIO, record: DirectoryRecord, offset: int, problems: ArchiveProblems) -> PackMember:
    stream.seek(offset)
    digest, fault = _stored(stream, record) if record.method == STORED else _inflated(stream, record)
    if fault:
        problems.add(fault, record.path)
    return PackMember(
        path=record.path,
        mode=EXECUTABLE_MODE if record.attributes >> 16 & 0o111 else REGULAR_MODE,
        size=record.size,
        sha256=digest,
        crc32=record.crc32,
        method=record.method,
        compressed_size=record.compressed_size,
        offset=offset,
    )


def _stored(stream: BinaryIO, record: DirectoryRecord) -> tuple[str, str]:
    digest, crc, left = hashlib.sha256(), 0, record.size
    while left and (chunk := stream.read(min(left, _CHUNK))):
        digest.update(chunk)
        crc = zlib.crc32(chunk, crc)
        left -= len(chunk)
    return digest.hexdigest(), "" if crc == record.crc32 and not left else "is damaged: its checksum (CRC-32) differs"


def _inflated(stream: BinaryIO, record: DirectoryRecord) -> tuple[str, str]:
    digest, crc, left, out = hashlib.sha256(), 0, record.compressed_size, 0
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    pending = b""
    try:
        while not inflater.eof and (pending or left):
            if not pending:
                pending = stream.read(min(left, _CHUNK))
                left -= len(pending)
            chunk = inflater.decompress(pending, min(_CHUNK, record.size - out) + 1)
            pending = inflater.unconsumed_tail
            digest.update(chunk)
            crc = zlib.crc32(chunk, crc)
            out += len(chunk)
            if out > record.size:
                return "", f"unpacks to more than the {record.size} bytes it declares"
    except zlib.error:
        return "", "is damaged: its compressed bytes cannot be unpacked"
    if not inflater.eof or out != record.size:
        return "", f"unpacks to {out} bytes instead of the {record.size} it declares"
    if left or inflater.unused_data:
        return "", "has bytes after its compressed content"
    return digest.hexdigest(), "" if crc == record.crc32 else "is damaged: its checksum (CRC-32) differs"


def read_content(file: Path, member: PackMember) -> bytes:
    """Unpack one member that ``read_members`` returned.

    Raises:
        VerificationError: The archive cannot be read, or was changed since.
    """
    try:
        with file.open("rb") as stream:
            stream.seek(member.offset)
            packed = stream.read(member.compressed_size)
        content = packed if member.method == STORED else zlib.decompress(packed, -zlib.MAX_WBITS)
    except (OSError, zlib.error) as error:
        msg = f"{member.path} in {file} cannot be read: {error}."
        raise VerificationError(msg, hint="Get the file again from its source.") from error
    if zlib.crc32(content) != member.crc32:
        msg = f"{member.path} in {file} was changed."
        raise VerificationError(msg, hint="Run the command again to download it again.")
    return content
