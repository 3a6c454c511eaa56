"""A ZIP whose bytes depend on nothing but its content: sorted, one date, one host, no extra fields, no comment.

Compressed bytes are copied from where they already lie.
"""

from __future__ import annotations

from contextlib import ExitStack
from io import BufferedReader, FileIO
from typing import TYPE_CHECKING, Self

from builder.archive import layout
from builder.archive.atomic_files import atomic_file
from builder.archive.compression import LEVEL, compressed_entry
from builder.archive.digesting import BLOCK, BlockDigest
from builder.archive.entry_paths import path_problem, sort_key
from builder.archive.layout import entry_headers
from builder.build_values import (
    EXECUTABLE_MODE,
    REGULAR_MODE,
    Artifact,
    Bundle,
    Entry,
    FileSlice,
    InlineBytes,
    PackMember,
)
from builder.errors import PackagingError, Problem
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_OPEN_MAX = 64
_WINDOW = 1 << 15
"""Bytes that are read ahead: neighbours in a pack are mostly neighbours in the artifact."""


def write_artifact(bundle: Bundle, target: Path) -> Artifact:
    """Write the bundle as a ZIP: the same bundle gives the same bytes on every machine.

    Args:
        bundle: Its entries' sources must still be as they were read.
        target: The ZIP; replaced at once when all is written, untouched when not.

    Raises:
        PackagingError: The target cannot be written, or a source is gone or shorter than it was.
    """
    sha256, size, _ = _splice(bundle.entries, target)
    return Artifact(
        file=target.absolute(),
        sha256=sha256,
        size=size,
        unpacked_size=bundle.size,
        entries=len(bundle.entries),
        tree_digest=bundle.tree_digest,
    )


def pack_members(
    files: Iterable[tuple[str, int, bytes]], target: Path, *, level: int = LEVEL
) -> tuple[PackMember, ...]:
    """Compress files and write them as a pack, in the same form as an artifact.

    Args:
        files: Path, mode (any execute bit makes it 0755, else 0644) and content; in any order.
        target: The pack.
        level: How hard to compress.

    Returns:
        The members, sorted by path, with where their bytes lie in the pack: what ``read_members`` would tell.

    Raises:
        PackagingError: A path is unsafe or comes twice, or the target cannot be written.
    """
    squeezed = (
        compressed_entry(path, EXECUTABLE_MODE if mode & 0o111 else REGULAR_MODE, content, level=level)
        for path, mode, content in files
    )
    entries = sorted(squeezed, key=lambda entry: sort_key(entry.path))
    _refuse_bad_paths(entries, target)
    _, _, offsets = _splice(entries, target)
    return tuple(
        PackMember(
            path=entry.path,
            mode=entry.mode,
            size=entry.size,
            sha256=entry.sha256,
            crc32=entry.crc32,
            method=entry.method,
            compressed_size=entry.compressed_size,
            offset=offset,
        )
        for entry, offset in zip(entries, offsets, strict=True)
    )


def _refuse_bad_paths(entries: Sequence[Entry], target: Path) -> None:
    problems, before = [], ""
    for entry in entries:
        fault = path_problem(entry.path) or ("comes twice" if entry.path == before else "")
        if fault:
            shown = printable(entry.path)
            problems.append(Problem(file=target.name, key=shown, message=f"{shown!r} {fault}."))
        before = entry.path
    if problems:
        msg = f"{target.name} cannot be packed: it holds paths that are not safe."
        raise PackagingError(msg, hint="Rename the files, or leave them out with [build] exclude.", problems=problems)


def _splice(entries: Sequence[Entry], target: Path) -> tuple[str, int, list[int]]:
    """Write every entry and the directory; returns sha256, size and where each entry's data begins."""
    if len(entries) >= layout.SATURATED16:
        msg = f"{len(entries)} files are more than a plain ZIP can hold ({layout.SATURATED16 - 1})."
        raise PackagingError(
            msg,
            hint="Leave files out with [build] exclude, or depend on fewer packages.",
        )
    with atomic_file(target, remade=True) as stream, _Output(stream) as output:
        directory, offsets = [], []
        for entry in entries:
            local, central = entry_headers(entry, output.size)
            directory.append(central)
            output.write(local)
            offsets.append(output.size)
            output.copy(entry)
        start, length, count = output.size, sum(map(len, directory)), len(entries)
        output.write(b"".join(directory))
        output.write(layout.END.pack(layout.END_SIGNATURE, 0, 0, count, count, length, start, 0))
        return output.finish(), output.size, offsets


class _Output:
    """Gathers what is written into large blocks, each hashed once and written once."""

    def __init__(self, stream: FileIO) -> None:
        self.size = 0
        self._stream = stream
        self._digest = BlockDigest()
        self._buffer = memoryview(bytearray(BLOCK))
        self._fill = 0
        self._sources: dict[str, BufferedReader[FileIO]] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        self._digest.close()

    def write(self, data: bytes) -> None:
        """Append bytes."""
        at = 0
        while at < len(data):
            room = self._room(len(data) - at)
            self._buffer[self._fill : self._fill + room] = data[at : at + room]
            self._fill += room
            at += room
        self.size += len(data)

    def copy(self, entry: Entry) -> None:
        """Append an entry's compressed bytes from where they lie.

        Raises:
            PackagingError: They are not all there any more, or the ZIP would outgrow its 32-bit fields.
        """
        if self.size + entry.compressed_size + entry.size >= layout.SATURATED32:
            msg = "The files together are more than a plain ZIP can hold (4 GiB); Lambda takes 250 MB unpacked."
            raise PackagingError(
                msg,
                hint="Leave files out with [build] exclude, or depend on smaller packages.",
            )
        if isinstance(entry.source, InlineBytes):
            self.write(entry.source.data)
        else:
            self._copy(entry.source, entry)

    def _copy(self, source: FileSlice, entry: Entry) -> None:
        stream = self._source(source.file)
        stream.seek(source.offset)
        left = entry.compressed_size
        while left:
            room = self._room(left)
            got = stream.readinto(self._buffer[self._fill : self._fill + room])
            if not got:
                msg = f"{source.file} ends before the bytes of {entry.path}: it was changed while it was packaged."
                raise PackagingError(
                    msg,
                    hint="Run the command again; the package is fetched anew when its digest no longer fits.",
                )
            self._fill += got
            left -= got
        self.size += entry.compressed_size

    def finish(self) -> str:
        """Write what is left and return the sha256 of everything."""
        self._write_out()
        return self._digest.finish(self._buffer[: self._fill])

    def _room(self, wanted: int) -> int:
        if self._fill == BLOCK:
            self._write_out()
            self._buffer, self._fill = self._digest.take(self._buffer), 0
        return min(wanted, BLOCK - self._fill)

    def _write_out(self) -> None:
        block = self._buffer[: self._fill]
        while block:
            block = block[self._stream.write(block) :]

    def _source(self, file: str) -> BufferedReader[FileIO]:
        if file not in self._sources:
            if len(self._sources) >= _OPEN_MAX:
                self._open.close()
                self._sources.clear()
            try:
                stream = BufferedReader(FileIO(file), _WINDOW)  # no Path for each member; closed by the stack
            except OSError as error:
                msg = f"{file} cannot be read: {error.strerror}; it was there when its members were listed."
                raise PackagingError(
                    msg,
                    hint="Run the command again: what is missing is fetched anew.",
                ) from error
            self._sources[file] = self._open.enter_context(stream)
        return self._sources[file]


def zip_size(entries: Iterable[Entry]) -> int:
    """How many bytes ``write_artifact`` would write."""
    headers = layout.LOCAL.size + layout.CENTRAL.size
    return layout.END.size + sum(headers + 2 * len(entry.path.encode()) + entry.compressed_size for entry in entries)
