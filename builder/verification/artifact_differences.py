"""What differs between an artifact and what it should be, path by path, with the reason. Pure: nothing is read here."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from builder.archive import layout
from builder.build_values import DEFLATED
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.build_values import PackMember
    from builder.verification.byte_ranges import ArchiveListing, ListingRow

_MODE_AT: Final = 16
_MODE_BITS: Final = 0o7777
_ATTRIBUTES_FIELD: Final = 15
_HEADER_FIELDS: Final = {
    1: "the system it was made by",
    2: "the ZIP version it needs",
    3: "flags",
    5: "time",
    6: "date",
    14: "internal attributes",
    _ATTRIBUTES_FIELD: "attributes",
}
"""Of the central record, without what is told as content, mode, order, extra fields or compressor."""


class DifferenceKind(StrEnum):
    """Why two artifacts are not the same bytes."""

    CONTENT = "content"
    MODE = "mode"
    MISSING = "missing"
    EXTRA = "extra"
    ORDER = "order"
    HEADER = "header"
    BYTES = "bytes"
    COMPRESSOR = "compressor"
    REPORT = "report"
    LOCK = "lock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One thing that is not as it should be.

    Attributes:
        kind: What sort of difference.
        path: Of the artifact's file, or the report's key, or the package's name; empty for the artifact as a whole.
        detail: What is there and what should be, one clause.
    """

    kind: DifferenceKind
    path: str
    detail: str


def compare(actual: ArchiveListing, wanted: ArchiveListing) -> tuple[Difference, ...]:
    """Every difference between two archives; none means the same bytes.

    Args:
        actual: The artifact.
        wanted: What it should be: its own canonical form, or the same built again.
    """
    ours, theirs = _by_path(actual), _by_path(wanted)
    found: list[Difference] = []
    for path in sorted(ours.keys() | theirs.keys()):
        found += _compare_rows(path, ours.get(path), theirs.get(path))
    return (*found, *_order(actual, wanted), *_tail(actual, wanted))


def _by_path(listing: ArchiveListing) -> Mapping[str, ListingRow]:
    return {row.path: row for row in listing.rows}


def _compare_rows(path: str, actual: ListingRow | None, wanted: ListingRow | None) -> Iterator[Difference]:
    shown = printable(path)
    if wanted is None:
        what = "a folder of its own, which the kit never writes" if actual and actual.member is None else "not wanted"
        yield Difference(kind=DifferenceKind.EXTRA, path=shown, detail=f"is in the artifact, {what}")
    elif actual is None:
        yield Difference(kind=DifferenceKind.MISSING, path=shown, detail="is not in the artifact")
    else:
        yield from _compare_headers(shown, actual, wanted)
        if actual.member is not None and wanted.member is not None:
            yield from _compare_content(shown, (actual, wanted), actual.member, wanted.member)


def _compare_content(
    path: str, rows: tuple[ListingRow, ListingRow], actual: PackMember, wanted: PackMember
) -> Iterator[Difference]:
    if actual.sha256 != wanted.sha256:
        is_now, should_be = (f"{one.size} bytes of sha256 {one.sha256[:16]}…" for one in (actual, wanted))
        detail = f"{is_now}, should be {should_be}"
        yield Difference(kind=DifferenceKind.CONTENT, path=path, detail=detail)
    elif actual.method != wanted.method or rows[0].packed_sha256 != rows[1].packed_sha256:
        detail = f"the same content in other compressed bytes: {_packed(actual)}, should be {_packed(wanted)}"
        yield Difference(kind=DifferenceKind.COMPRESSOR, path=path, detail=detail)


def _packed(member: PackMember) -> str:
    return f"{member.compressed_size} bytes {'deflated' if member.method == DEFLATED else 'stored'}"


def _compare_headers(path: str, actual: ListingRow, wanted: ListingRow) -> Iterator[Difference]:
    ours, theirs = (layout.CENTRAL.unpack_from(row.central) for row in (actual, wanted))
    modes = [fields[_ATTRIBUTES_FIELD] >> _MODE_AT & _MODE_BITS for fields in (ours, theirs)]
    if modes[0] != modes[1]:
        yield Difference(kind=DifferenceKind.MODE, path=path, detail=f"{modes[0]:04o}, should be {modes[1]:04o}")
    named = [
        name
        for at, name in _HEADER_FIELDS.items()
        if ours[at] != theirs[at] and (at != _ATTRIBUTES_FIELD or _kind_bits(ours[at]) != _kind_bits(theirs[at]))
    ]
    named += ["extra fields or a comment"] if _behind_name(actual.central) != _behind_name(wanted.central) else []
    if not named and _neutral(actual.local) != _neutral(wanted.local):
        named.append("its local header")
    if named:
        yield Difference(kind=DifferenceKind.HEADER, path=path, detail=f"other {', '.join(named)} than the kit writes")


def _kind_bits(attributes: int) -> int:
    """Everything in the attributes but the permissions, which are told as the mode."""
    return attributes & ~(_MODE_BITS << _MODE_AT) if stat.S_IFMT(attributes >> _MODE_AT) else attributes


def _behind_name(central: bytes) -> bytes:
    name_length = int.from_bytes(central[28:30], "little")
    return central[layout.CENTRAL.size + name_length :]


def _neutral(local: bytes) -> bytes:
    """A local header without method, checksum and sizes: those differ with the content and are told there."""
    return local[:8] + local[10:14] + local[26:]


def _order(actual: ArchiveListing, wanted: ArchiveListing) -> Iterator[Difference]:
    ours, theirs = [row.path for row in actual.rows], [row.path for row in wanted.rows]
    if sorted(ours) == sorted(theirs) and ours != theirs:
        at = next(index for index, pair in enumerate(zip(ours, theirs, strict=True)) if pair[0] != pair[1])
        detail = f"listed as number {at + 1}, where {printable(theirs[at])!r} should be"
        yield Difference(kind=DifferenceKind.ORDER, path=printable(ours[at]), detail=detail)
    starts = [row.start for row in actual.rows]
    if starts != sorted(starts):
        yield Difference(
            kind=DifferenceKind.ORDER, path="", detail="the files lie in another order than they are listed"
        )


def _tail(actual: ArchiveListing, wanted: ArchiveListing) -> Iterator[Difference]:
    more = len(actual.tail) - len(wanted.tail)
    if more:
        detail = f"the archive ends with {more} bytes of comment or ZIP64 records, which the kit never writes"
        yield Difference(kind=DifferenceKind.BYTES, path="", detail=detail)
