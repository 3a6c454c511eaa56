"""The headers of a ZIP, read strictly: the central directory, and the local headers, which must agree with it.

Together with the members they must fill the archive without a gap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct

from builder.archive import layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.archive.archive_problems import ArchiveProblems

ENTRIES_MAX = 100_000
"""Far more than any package has (the largest known have some 30,000 files), far less than exhausts a machine."""


class DirectoryRecord(Struct, frozen=True, kw_only=True):
    """One member's record in the central directory."""

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
        """Whether the name ends like a folder's."""
        return self.path.endswith("/")


class DirectorySpan(Struct, frozen=True, kw_only=True):
    """Where the central directory is, and how many members it lists."""

    start: int
    size: int
    entries: int


def read_directory(
    stream: BinaryIO, size: int, problems: ArchiveProblems
) -> tuple[DirectorySpan, tuple[DirectoryRecord, ...]]:
    """Read every record of the central directory.

    Args:
        stream: The archive, seekable.
        size: Its length in bytes.
        problems: Receives the problems of single records.

    Raises:
        VerificationError: The directory is missing, or its size is wrong.
    """
    span = _find_span(stream, size, problems)
    stream.seek(span.start)
    data = stream.read(span.size)
    records: list[DirectoryRecord] = []
    at = 0
    for _ in range(span.entries):
        if data[at : at + 4] != layout.CENTRAL_SIGNATURE or at + layout.CENTRAL.size > len(data):
            problems.stop(f"ends its central directory after {len(records)} of {span.entries} members")
        record, at = _read_record(data, at, problems)
        records.append(record)
    if at != len(data):
        problems.stop(f"holds {len(data) - at} bytes in its central directory that belong to no member")
    return span, tuple(records)


def _find_span(stream: BinaryIO, size: int, problems: ArchiveProblems) -> DirectorySpan:
    reach = min(size, layout.END.size + layout.COMMENT_MAX)
    stream.seek(size - reach)
    tail = stream.read(reach)
    at = _find_end(tail, problems)
    (_, disk, directory_disk, here, entries, length, start, _) = layout.END.unpack_from(tail, at)
    if disk or directory_disk or here != entries:
        problems.stop("is one part of a multi-part ZIP; only complete archives can be read")
    end = size - reach + at
    span = DirectorySpan(start=start, size=length, entries=entries)
    if end >= layout.LOCATOR64.size:
        stream.seek(end - layout.LOCATOR64.size)
        locator = stream.read(layout.LOCATOR64.size)
        if locator.startswith(layout.LOCATOR64_SIGNATURE):
            span, end = _span64(stream, end - layout.LOCATOR64.size, span, problems)
    if span.start + span.size != end:
        problems.stop("has bytes before its first member or between its central directory and its end record")
    if span.entries > ENTRIES_MAX:
        problems.stop(f"lists {span.entries} members; {ENTRIES_MAX} are allowed")
    return span


def _find_end(tail: bytes, problems: ArchiveProblems) -> int:
    at = tail.rfind(layout.END_SIGNATURE)
    plain = len(tail) - layout.END.size
    if plain >= 0 and tail[plain:].startswith(layout.END_SIGNATURE) and tail.endswith(b"\0\0"):
        at = plain
    if at < 0 or at > plain:
        problems.stop("is not a ZIP, or was cut off: it has no end record")
    comment = int.from_bytes(tail[at + 20 : at + 22], "little")
    if at + layout.END.size + comment != len(tail):
        problems.stop("has bytes after its end record, or an end record hidden in its comment")
    return at


def _span64(
    stream: BinaryIO, locator_at: int, span: DirectorySpan, problems: ArchiveProblems
) -> tuple[DirectorySpan, int]:
    stream.seek(locator_at)
    _, disk, at, disks = layout.LOCATOR64.unpack(stream.read(layout.LOCATOR64.size))
    if disk or disks != 1 or at + layout.END64.size != locator_at:
        problems.stop("has a ZIP64 end record that is not where its locator says")
    stream.seek(at)
    fields = layout.END64.unpack(stream.read(layout.END64.size))
    signature, length, _, _, disk, directory_disk, here, entries, size, start = fields
    if signature != layout.END64_SIGNATURE or length != layout.END64.size - 12:
        problems.stop("has a damaged ZIP64 end record")
    if disk or directory_disk or here != entries:
        problems.stop("is one part of a multi-part ZIP; only complete archives can be read")
    wide = DirectorySpan(start=start, size=size, entries=entries)
    if (
        span.entries not in {entries, layout.SATURATED16}
        or span.size not in {size, layout.SATURATED32}
        or span.start not in {start, layout.SATURATED32}
    ):
        problems.stop("has two end records that contradict each other")
    return wide, at


def _read_record(data: bytes, at: int, problems: ArchiveProblems) -> tuple[DirectoryRecord, int]:
    fields = layout.CENTRAL.unpack_from(data, at)
    made_by, needed, flags, method, _, _, crc32, compressed, size = fields[1:10]
    name_length, extra_length, comment_length, disk, _, attributes, start = fields[10:]
    name_at = at + layout.CENTRAL.size
    extra_at = name_at + name_length
    end = extra_at + extra_length + comment_length
    if end > len(data):
        problems.stop("has a central directory whose last member is cut off")
    name = data[name_at:extra_at]
    path = decode_name(name, flags)
    extra = read_extra(data[extra_at : extra_at + extra_length])
    if extra is None:
        problems.add("has damaged extra fields", path)
        extra = {}
    if extra.get(layout.EXTRA_UNICODE_PATH, b"")[5:] not in {b"", name}:
        problems.add("has a second name in its extra fields that differs from the first", path)
    size, compressed, start = _widen((size, compressed, start), extra, path, problems)
    if disk or needed > 63:  # noqa: PLR2004  # APPNOTE's newest version
        problems.add("needs a newer or multi-part ZIP format", path)
    record = DirectoryRecord(
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
    fields: tuple[int, int, int], extra: dict[int, bytes], path: str, problems: ArchiveProblems
) -> tuple[int, int, int]:
    """Replace the fields that mean "see ZIP64", in the order of the extra field."""
    wide, at, values = extra.get(layout.EXTRA_ZIP64, b""), 0, []
    for field in fields:
        if field != layout.SATURATED32:
            values.append(field)
            continue
        if at + 8 > len(wide):
            problems.stop(f"has a member {path!r} that refers to a missing ZIP64 field")
        values.append(int.from_bytes(wide[at : at + 8], "little"))
        at += 8
    return values[0], values[1], values[2]


def decode_name(name: bytes, flags: int) -> str:
    """A member's name as text. Bytes that contradict the flags become surrogates, which are refused later."""
    encoding = "utf-8" if flags & layout.FLAG_UTF8 else "ascii"
    return name.decode(encoding, "surrogateescape")


def read_extra(data: bytes) -> dict[int, bytes] | None:
    """The extra fields by number, or None when they are damaged or a number is listed twice."""
    fields: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        number, length = int.from_bytes(data[at : at + 2], "little"), int.from_bytes(data[at + 2 : at + 4], "little")
        if at + 4 + length > len(data) or number in fields:
            return None
        fields[number] = data[at + 4 : at + 4 + length]
        at += 4 + length
    return fields


def data_offsets(
    stream: BinaryIO, records: Sequence[DirectoryRecord], end: int, problems: ArchiveProblems
) -> tuple[int, ...]:
    """The offset of every member's compressed bytes.

    Args:
        stream: The archive.
        records: Of the central directory.
        end: Where the central directory begins; the members must fill everything before it.
        problems: Receives every contradiction, gap and overlap.

    Returns:
        One offset for each record, in the same order.
    """
    order = sorted(range(len(records)), key=lambda index: records[index].start)
    starts = [records[index].start for index in order]
    if min([*starts, end]):
        problems.add("has bytes before its first member")
    if not records:
        return ()
    offsets = [0] * len(records)
    for index, until in zip(order, [*starts[1:], end], strict=True):
        offsets[index] = _data_offset(stream, records[index], until, problems)
    return tuple(offsets)


def _data_offset(stream: BinaryIO, record: DirectoryRecord, until: int, problems: ArchiveProblems) -> int:
    if record.start + layout.LOCAL.size > until:
        problems.add("overlaps another member", record.path)
        return 0
    stream.seek(record.start)
    signature, *header, name_length, extra_length = layout.LOCAL.unpack(stream.read(layout.LOCAL.size))
    if signature != layout.LOCAL_SIGNATURE:
        problems.add("has no local header where the central directory points", record.path)
        return 0
    variable = stream.read(name_length + extra_length)
    data: int = record.start + layout.LOCAL.size + name_length + extra_length
    fault = _header_fault(record, tuple(header), variable[:name_length], variable[name_length:])
    after = data + record.compressed_size
    if not fault and after > until:
        fault = "overlaps another member"
    if not fault:
        stream.seek(after)
        fault = _gap_fault(record, stream.read(min(until - after, 32)), until - after)
    if fault:
        problems.add(fault, record.path)
    return data


def _header_fault(record: DirectoryRecord, header: tuple[int, ...], name: bytes, extra: bytes) -> str:
    _, flags, method, _, _, crc32, compressed, size = header
    if name != record.name:
        return "has different names in its local header and in the central directory"
    fields = read_extra(extra)
    if fields is None:
        return "has damaged extra fields in its local header"
    if fields.get(layout.EXTRA_UNICODE_PATH, b"")[5:] not in {b"", name}:
        return "has a second name in its extra fields that differs from the first"
    if (flags | 0b110) != (record.flags | 0b110) or method != record.method:
        return "has different flags or methods in its local header and in the central directory"
    sizes = _sizes((size, compressed), fields.get(layout.EXTRA_ZIP64, b""))
    if (crc32, *sizes) != (record.crc32, record.size, record.compressed_size) and not (
        flags & layout.FLAG_DESCRIPTOR and (crc32, size, compressed) in _SIZES_FOLLOW
    ):
        return "has different sizes or checksums in its local header and in the central directory"
    return ""


_SIZES_FOLLOW = {(0, 0, 0), (0, layout.SATURATED32, layout.SATURATED32)}


def _sizes(sizes: tuple[int, int], wide: bytes) -> tuple[int, int]:
    """Size and compressed size, from the ZIP64 field (both, in this order) where the header refers to it."""
    values, at = [], 0
    for size in sizes:
        if size != layout.SATURATED32:
            values.append(size)
            continue
        values.append(int.from_bytes(wide[at : at + 8], "little"))
        at += 8
    return values[0], values[1]


def _gap_fault(record: DirectoryRecord, gap: bytes, length: int) -> str:
    """Between a member's bytes and the next header there is nothing, or its data descriptor."""
    if not record.flags & layout.FLAG_DESCRIPTOR:
        return "is followed by bytes that belong to no member" if length else ""
    narrow = b"".join(value.to_bytes(8, "little")[:4] for value in (record.crc32, record.compressed_size, record.size))
    wide = record.crc32.to_bytes(4, "little") + b"".join(
        value.to_bytes(8, "little") for value in (record.compressed_size, record.size)
    )
    allowed = {prefix + body for prefix in (b"", layout.DESCRIPTOR_SIGNATURE) for body in (narrow, wide)}
    return "" if length == len(gap) and gap in allowed else "has a data descriptor that contradicts its header"
