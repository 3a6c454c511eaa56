"""The local headers of a ZIP, held against the central directory: both must tell one story, without gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from builder.archive import layout
from builder.archive.directory import Record, read_extra

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.archive.archive_problems import Findings


def locate(stream: BinaryIO, records: Sequence[Record], end: int, findings: Findings) -> tuple[int, ...]:
    """Find where every member's compressed bytes begin.

    Args:
        stream: The archive.
        records: What the central directory says.
        end: Where the central directory begins; the members must fill everything before it.
        findings: Receives every contradiction, gap and overlap.

    Returns:
        One offset per record, in the records' order.
    """
    order = sorted(range(len(records)), key=lambda index: records[index].start)
    starts = [records[index].start for index in order]
    if min([*starts, end]):
        findings.add("has bytes before its first member")
    if not records:
        return ()
    offsets = [0] * len(records)
    for index, until in zip(order, [*starts[1:], end], strict=True):
        offsets[index] = _locate_one(stream, records[index], until, findings)
    return tuple(offsets)


def _locate_one(stream: BinaryIO, record: Record, until: int, findings: Findings) -> int:
    if record.start + layout.LOCAL.size > until:
        findings.add("overlaps another member", record.path)
        return 0
    stream.seek(record.start)
    signature, *header, name_length, extra_length = layout.LOCAL.unpack(stream.read(layout.LOCAL.size))
    if signature != layout.LOCAL_SIGNATURE:
        findings.add("has no local header where the central directory points", record.path)
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
        findings.add(fault, record.path)
    return data


def _header_fault(record: Record, header: tuple[int, ...], name: bytes, extra: bytes) -> str:
    _, flags, method, _, _, crc32, compressed, size = header
    if name != record.name:
        return "has another name in its local header than in the central directory"
    fields = read_extra(extra)
    if fields is None:
        return "has damaged extra fields in its local header"
    if fields.get(layout.EXTRA_UNICODE_PATH, b"")[5:] not in {b"", name}:
        return "has a second name in its extra fields that differs from the first"
    if (flags | 0b110) != (record.flags | 0b110) or method != record.method:
        return "has other flags or another method in its local header than in the central directory"
    sizes = _sizes((size, compressed), fields.get(layout.EXTRA_ZIP64, b""))
    if (crc32, *sizes) != (record.crc32, record.size, record.compressed_size) and not (
        flags & layout.FLAG_DESCRIPTOR and (crc32, size, compressed) in _UNKNOWN_YET
    ):
        return "has another size or checksum in its local header than in the central directory"
    return ""


_UNKNOWN_YET = {(0, 0, 0), (0, layout.SATURATED32, layout.SATURATED32)}


def _sizes(sizes: tuple[int, int], wide: bytes) -> tuple[int, int]:
    """Size and compressed size, from the ZIP64 field (which holds both, in this order) where the header says so."""
    found, at = [], 0
    for size in sizes:
        if size != layout.SATURATED32:
            found.append(size)
            continue
        found.append(int.from_bytes(wide[at : at + 8], "little"))
        at += 8
    return found[0], found[1]


def _gap_fault(record: Record, gap: bytes, length: int) -> str:
    """What lies between a member's bytes and the next header: nothing, or its data descriptor when it has one."""
    if not record.flags & layout.FLAG_DESCRIPTOR:
        return "is followed by bytes that belong to no member" if length else ""
    narrow = b"".join(value.to_bytes(8, "little")[:4] for value in (record.crc32, record.compressed_size, record.size))
    wide = record.crc32.to_bytes(4, "little") + b"".join(
        value.to_bytes(8, "little") for value in (record.compressed_size, record.size)
    )
    allowed = {prefix + body for prefix in (b"", layout.DESCRIPTOR_SIGNATURE) for body in (narrow, wide)}
    return "" if length == len(gap) and gap in allowed else "has a data descriptor that contradicts its header"
