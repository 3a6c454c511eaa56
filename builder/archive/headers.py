"""The two headers of one entry as the kit writes them: there is one way, so every other way is a difference."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Protocol

from builder.archive import layout

if TYPE_CHECKING:
    from typing import Final

MADE_BY: Final = layout.UNIX << 8 | layout.VERSION


class Described(Protocol):
    """What headers say about an entry: entries of a bundle and members of an archive both have it."""

    @property
    def path(self) -> str:
        """Relative, ``/`` between parts."""

    @property
    def mode(self) -> int:
        """0o644 or 0o755."""

    @property
    def method(self) -> int:
        """0 stored or 8 deflated."""

    @property
    def crc32(self) -> int:
        """Of the content."""

    @property
    def compressed_size(self) -> int:
        """Bytes in the archive."""

    @property
    def size(self) -> int:
        """Bytes uncompressed."""


def entry_headers(entry: Described, start: int) -> tuple[bytes, bytes]:
    """The local header and the central record of an entry: one date, no extra fields, no comment.

    Names carry the UTF-8 flag only when they are not ASCII, as ``zipfile`` and Info-ZIP write them, because a reader
    that does not know the flag needs no flag for ASCII.

    Args:
        entry: What is described.
        start: Where the local header lies, from the archive's start.
    """
    name = entry.path.encode()
    fields = (
        layout.VERSION,
        0 if name.isascii() else layout.FLAG_UTF8,
        entry.method,
        0,
        layout.DATE_1980,
        entry.crc32,
        entry.compressed_size,
        entry.size,
        len(name),
        0,
    )
    attributes = (stat.S_IFREG | entry.mode) << 16
    central = layout.CENTRAL.pack(layout.CENTRAL_SIGNATURE, MADE_BY, *fields, 0, 0, 0, attributes, start)
    return layout.LOCAL.pack(layout.LOCAL_SIGNATURE, *fields) + name, central + name
