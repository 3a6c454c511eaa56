"""Writes the files of a bundle to a folder, for programs that need files on disk."""

from __future__ import annotations

import zlib
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING

from builder.build_values import DEFLATED, FileSlice

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from builder.build_values import Entry, PackMember


def unpack(entries: Iterable[Entry], folder: Path) -> None:
    """Write every entry below a folder that does not exist yet, with its mode.

    No path leaves the folder: ``assemble`` checked them.
    """
    folder.mkdir()
    with ExitStack() as stack:
        opened: dict[str, IO[bytes]] = {}
        for entry in entries:
            source = entry.source
            if isinstance(source, FileSlice):
                if source.file not in opened:
                    opened[source.file] = stack.enter_context(open(source.file, "rb"))  # noqa: PTH123 - thousands of entries
                opened[source.file].seek(source.offset)
                packed = opened[source.file].read(entry.compressed_size)
            else:
                packed = source.data
            file = folder / entry.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_inflate(packed, entry.method))
            file.chmod(entry.mode)


def read_member(pack: Path, member: PackMember) -> bytes:
    """The content of one file inside a pack."""
    with pack.open("rb") as stream:
        stream.seek(member.offset)
        return _inflate(stream.read(member.compressed_size), member.method)


def _inflate(packed: bytes, method: int) -> bytes:
    return zlib.decompress(packed, wbits=-zlib.MAX_WBITS) if method == DEFLATED else packed
