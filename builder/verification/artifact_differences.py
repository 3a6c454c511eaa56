"""The differences between two archives, path by path, with the reason of each. Reads no files."""

from __future__ import annotations

import stat
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

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
"""Fields of the central record that are not compared as content, mode, order, extra fields or compressor."""


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


class Difference(Struct, frozen=True, kw_only=True):
    """One difference between an artifact and what it should be.

    Attributes:
        kind: The kind of difference.
        path: A path in the artifact, a key of the report or a package; empty for the artifact as a
            whole.
        detail: The actual and the expected value, as one clause.
    """

    kind: DifferenceKind
    path: str
    detail: str


def compare(actual: ArchiveListing, expected: ArchiveListing) -> tuple[Difference, ...]:
    """Every difference between two archives; none means the same bytes.

    Args:
        actual: The artifact.
        expected: Its own canonical form, or the artifact of a new build.
    """
    actual_rows, expected_rows = _by_path(actual), _by_path(expected)
    differences: list[Difference] = []
    for path in sorted(actual_rows.keys() | expected_rows.keys()):
        differences += _compare_rows(path, actual_rows.get(path), expected_rows.get(path))
    return (*differences, *_order(actual, expected), *_tail(actual, expected))


def _by_path(listing: ArchiveListing) -> Mapping[str, ListingRow]:
    return {row.path: row for row in listing.rows}


def _compare_rows(path: str, actual: ListingRow | None, expected: ListingRow | None) -> Iterator[Difference]:
    shown = printable(path)
    if expected is None:
        is_folder = actual is not None and actual.member is None
        what = "is a folder entry, which the kit never writes" if is_folder else "is in the artifact but should not be"
        yield Difference(kind=DifferenceKind.EXTRA, path=shown, detail=what)
    elif actual is None:
        yield Difference(kind=DifferenceKind.MISSING, path=shown, detail="is not in the artifact")
    else:
        yield from _compare_headers(shown, actual, expected)
        if actual.member is not None and expected.member is not None:
            yield from _compare_content(shown, (actual, expected), actual.member, expected.member)


def _compare_content(
    path: str, rows: tuple[ListingRow, ListingRow], actual: PackMember, expected: PackMember
) -> Iterator[Difference]:
    if actual.sha256 != expected.sha256:
        is_now, should_be = (f"{member.size} bytes with sha256 {member.sha256[:16]}…" for member in (actual, expected))
        detail = f"{is_now}, should be {should_be}"
        yield Difference(kind=DifferenceKind.CONTENT, path=path, detail=detail)
    elif actual.method != expected.method or rows[0].packed_sha256 != rows[1].packed_sha256:
        detail = f"same content, different compressed bytes: {_packed(actual)}, should be {_packed(expected)}"
        yield Difference(kind=DifferenceKind.COMPRESSOR, path=path, detail=detail)


def _packed(member: PackMember) -> str:
    return f"{member.compressed_size} bytes {'deflated' if member.method == DEFLATED else 'stored'}"


def _compare_headers(path: str, actual: ListingRow, expected: ListingRow) -> Iterator[Difference]:
    actual_fields, expected_fields = (layout.CENTRAL.unpack_from(row.central) for row in (actual, expected))
    modes = [fields[_ATTRIBUTES_FIELD] >> _MODE_AT & _MODE_BITS for fields in (actual_fields, expected_fields)]
    if modes[0] != modes[1]:
        yield Difference(kind=DifferenceKind.MODE, path=path, detail=f"{modes[0]:04o}, should be {modes[1]:04o}")
    names = [
        name
        for at, name in _HEADER_FIELDS.items()
        if actual_fields[at] != expected_fields[at]
        and (at != _ATTRIBUTES_FIELD or _kind_bits(actual_fields[at]) != _kind_bits(expected_fields[at]))
    ]
    names += ["extra fields or a comment"] if _behind_name(actual.central) != _behind_name(expected.central) else []
    if not names and _neutral(actual.local) != _neutral(expected.local):
        names.append("its local header")
    if names:
        yield Difference(
            kind=DifferenceKind.HEADER, path=path, detail=f"differs from what the kit writes: {', '.join(names)}"
        )


def _kind_bits(attributes: int) -> int:
    """The attributes without the permissions, which are compared as the mode."""
    return attributes & ~(_MODE_BITS << _MODE_AT) if stat.S_IFMT(attributes >> _MODE_AT) else attributes


def _behind_name(central: bytes) -> bytes:
    name_length = int.from_bytes(central[28:30], "little")
    return central[layout.CENTRAL.size + name_length :]


def _neutral(local: bytes) -> bytes:
    """A local header without method, checksum and sizes, which are compared with the content."""
    return local[:8] + local[10:14] + local[26:]


def _order(actual: ArchiveListing, expected: ArchiveListing) -> Iterator[Difference]:
    paths, expected_paths = [row.path for row in actual.rows], [row.path for row in expected.rows]
    if sorted(paths) == sorted(expected_paths) and paths != expected_paths:
        at = next(index for index, pair in enumerate(zip(paths, expected_paths, strict=True)) if pair[0] != pair[1])
        detail = f"is number {at + 1} in the list, where {printable(expected_paths[at])!r} should be"
        yield Difference(kind=DifferenceKind.ORDER, path=printable(paths[at]), detail=detail)
    starts = [row.start for row in actual.rows]
    if starts != sorted(starts):
        yield Difference(
            kind=DifferenceKind.ORDER, path="", detail="the files are stored in a different order than they are listed"
        )


def _tail(actual: ArchiveListing, expected: ArchiveListing) -> Iterator[Difference]:
    more = len(actual.tail) - len(expected.tail)
    if more:
        detail = f"the archive ends with {more} bytes of comment or ZIP64 records, which the kit never writes"
        yield Difference(kind=DifferenceKind.BYTES, path="", detail=detail)
