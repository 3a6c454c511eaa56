"""The central directory of a ZIP, read strictly: one place says what is inside, and it says it once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from builder.archive import layout

if TYPE_CHECKING:
    from builder.archive.archive_problems import Findings

ENTRIES_MAX = 100_000
"""Far above every package (the largest known have some 30,000 files), far below what exhausts a machine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What the central directory says about one member."""

    name: bytes
    path: str
    made_by: int
    flags: int
    method: int
    crc32: int
    compressed_size: int
    size: int
    attributes: int
    start: int

    @property
    def is_folder(self) -> bool:
        """Whether the name says that this is a folder."""
        return self.path.endswith("/")


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Where the central directory lies and how many members it lists."""

    start: int
    size: int
    entries: int


def read_directory(stream: BinaryIO, size: int, findings: Findings) -> tuple[Span, tuple[Record, ...]]:
    """Read every record of the central directory.

    Args:
        stream: The archive, seekable.
        size: Its length in bytes.
        findings: Receives what is wrong with single records.

    Raises:
        VerificationError: The directory cannot be found or does not fill its place exactly.
    """
    span = _find_span(stream, size, findings)
    stream.seek(span.start)
    data = stream.read(span.size)
    records: list[Record] = []
    at = 0
    for _ in range(span.entries):
        if data[at : at + 4] != layout.CENTRAL_SIGNATURE or at + layout.CENTRAL.size > len(data):
            findings.stop(f"ends its central directory after {len(records)} of {span.entries} members")
        record, at = _read_record(data, at, findings)
        records.append(record)
    if at != len(data):
        findings.stop(f"holds {len(data) - at} bytes in its central directory that belong to no member")
    return span, tuple(records)


def _find_span(stream: BinaryIO, size: int, findings: Findings) -> Span:
    reach = min(size, layout.END.size + layout.COMMENT_MAX)
    stream.seek(size - reach)
    tail = stream.read(reach)
    at = _find_end(tail, findings)
    (_, disk, directory_disk, here, entries, length, start, _) = layout.END.unpack_from(tail, at)
    if disk or directory_disk or here != entries:
        findings.stop("is one part of a ZIP in several parts; only whole archives can be read")
    end = size - reach + at
    span = Span(start=start, size=length, entries=entries)
    if end >= layout.LOCATOR64.size:
        stream.seek(end - layout.LOCATOR64.size)
        locator = stream.read(layout.LOCATOR64.size)
        if locator.startswith(layout.LOCATOR64_SIGNATURE):
            span, end = _span64(stream, end - layout.LOCATOR64.size, span, findings)
    if span.start + span.size != end:
        findings.stop("has bytes before its first member or between its central directory and its end record")
    if span.entries > ENTRIES_MAX:
        findings.stop(f"lists {span.entries} members; {ENTRIES_MAX} are allowed")
    return span


def _find_end(tail: bytes, findings: Findings) -> int:
    at = tail.rfind(layout.END_SIGNATURE)
    plain = len(tail) - layout.END.size
    if plain >= 0 and tail[plain:].startswith(layout.END_SIGNATURE) and tail.endswith(b"\0\0"):
        at = plain
    if at < 0 or at > plain:
        findings.stop("is not a ZIP, or was cut off: it has no end record")
    comment = int.from_bytes(tail[at + 20 : at + 22], "little")
    if at + layout.END.size + comment != len(tail):
        findings.stop("has bytes after its end record, or an end record hidden in its comment")
    return at


def _span64(stream: BinaryIO, locator_at: int, span: Span, findings: Findings) -> tuple[Span, int]:
    stream.seek(locator_at)
    _, disk, at, disks = layout.LOCATOR64.unpack(stream.read(layout.LOCATOR64.size))
    if disk or disks != 1 or at + layout.END64.size != locator_at:
        findings.stop("has a ZIP64 end record that is not where its locator says")
    stream.seek(at)
    fields = layout.END64.unpack(stream.read(layout.END64.size))
    signature, length, _, _, disk, directory_disk, here, entries, size, start = fields
    if signature != layout.END64_SIGNATURE or length != layout.END64.size - 12:
        findings.stop("has a damaged ZIP64 end record")
    if disk or directory_disk or here != entries:
        findings.stop("is one part of a ZIP in several parts; only whole archives can be read")
    wide = Span(start=start, size=size, entries=entries)
    if (
        span.entries not in {entries, layout.SATURATED16}
        or span.size not in {size, layout.SATURATED32}
        or span.start not in {start, layout.SATURATED32}
    ):
        findings.stop("has two end records that contradict each other")
    return wide, at


def _read_record(data: bytes, at: int, findings: Findings) -> tuple[Record, int]:
    fields = layout.CENTRAL.unpack_from(data, at)
    made_by, needed, flags, method, _, _, crc32, compressed, size = fields[1:10]
    name_length, extra_length, comment_length, disk, _, attributes, start = fields[10:]
    name_at = at + layout.CENTRAL.size
    extra_at = name_at + name_length
    end = extra_at + extra_length + comment_length
    if end > len(data):
        findings.stop("has a central directory whose last member is cut off")
    name = data[name_at:extra_at]
    path = decode_name(name, flags)
    extra = read_extra(data[extra_at : extra_at + extra_length])
    if extra is None:
        findings.add("has damaged extra fields", path)
        extra = {}
    if extra.get(layout.EXTRA_UNICODE_PATH, b"")[5:] not in {b"", name}:
        findings.add("has a second name in its extra fields that differs from the first", path)
    size, compressed, start = _widen((size, compressed, start), extra, path, findings)
    if disk or needed > 63:  # noqa: PLR2004  # APPNOTE's newest version
        findings.add("needs a newer or multi-part ZIP format", path)
    record = Record(
        name=name,
        path=path,
        made_by=made_by,
        flags=flags,
        method=method,
        crc32=crc32,
        compressed_size=compressed,
        size=size,
        attributes=attributes,
        start=start,
    )
    return record, end


def _widen(
    fields: tuple[int, int, int], extra: dict[int, bytes], path: str, findings: Findings
) -> tuple[int, int, int]:
    """Replace the fields that say "see ZIP64", in the order in which the extra field holds them."""
    wide, at, found = extra.get(layout.EXTRA_ZIP64, b""), 0, []
    for field in fields:
        if field != layout.SATURATED32:
            found.append(field)
            continue
        if at + 8 > len(wide):
            findings.stop(f"member {path!r} refers to a ZIP64 field that is not there")
        found.append(int.from_bytes(wide[at : at + 8], "little"))
        at += 8
    return found[0], found[1], found[2]


def decode_name(name: bytes, flags: int) -> str:
    """A member's name as text; bytes that are not what the flags say become surrogates, which are refused later."""
    encoding = "utf-8" if flags & layout.FLAG_UTF8 else "ascii"
    return name.decode(encoding, "surrogateescape")


def read_extra(data: bytes) -> dict[int, bytes] | None:
    """The extra fields by their number, or None when they are damaged or one that changes the meaning comes twice."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        number, length = int.from_bytes(data[at : at + 2], "little"), int.from_bytes(data[at + 2 : at + 4], "little")
        if at + 4 + length > len(data) or number in found:
            return None
        found[number] = data[at + 4 : at + 4 + length]
        at += 4 + length
    return found
