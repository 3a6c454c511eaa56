"""A strict reader of layers: it accepts only what ``layer_writer`` writes, so every program unpacks the same files.

Every record is compared with the one that the kit would write for the same path, mode and size. So
links, devices, other owners and times, hidden names and paths outside of var/task are all refused.
A layer is never unpacked to disk, and never beyond what its size allows.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, BinaryIO, Final

from msgspec import Struct

from builder.archive.directory import ENTRIES_MAX
from builder.archive.entry_paths import folders_of, path_problem, sort_key
from builder.build_values import EXECUTABLE_MODE, REGULAR_MODE, STORED, PackMember
from builder.image.lambda_images import TASK_ROOT
from builder.image.tar_records import (
    BLOCK,
    END,
    EXTENDED,
    FOLDER,
    RATIO_MAX,
    REGULAR,
    file_records,
    folder_records,
    padding,
    unpacked_limit,
)
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_CHUNK: Final = 1 << 18
_EXTENDED_MAX: Final = 1 << 16
_GZIP_HEADER: Final = bytes.fromhex("1f8b08000000000000ff")
"""Deflate, no flags, no name, no time, unknown system: what libdeflate writes."""
_LINKS: Final = {b"1": "a hard link", b"2": "a symbolic link"}
_DEVICES: Final = {b"3": "a device", b"4": "a device", b"6": "a pipe"}


class LayerContents(Struct, frozen=True, kw_only=True):
    """What is in a layer.

    Attributes:
        digest: ``sha256:<hex>`` of the layer.
        diff_id: ``sha256:<hex>`` of its tar.
        unpacked_size: Bytes of its tar.
        members: Its files, with paths below var/task; sizes are those of the content, not compressed.
    """

    digest: str
    diff_id: str
    unpacked_size: int
    members: tuple[PackMember, ...]


class LayerRefusedError(ValueError):
    """A layer is not in the form that the kit writes; its text is a sentence about one member or the layer."""


def read_layer_file(file: Path, size: int) -> LayerContents:
    """Read a layer.

    Args:
        file: The layer.
        size: Its bytes, as the manifest has them.

    Raises:
        LayerRefusedError: It is damaged, malicious, or in another form than the kit writes.
        OSError: It cannot be read.
    """
    with file.open("rb") as stream:
        tar = _Tar(stream, unpacked_limit(size))
        members = tuple(_read_members(tar))
        digest, diff_id = tar.finish()
    _check_order(members)
    files = tuple(member for member in members if member.method == STORED)
    return LayerContents(digest=digest, diff_id=diff_id, unpacked_size=tar.size, members=files)


class _Tar:
    """The tar in a layer, unpacked piece by piece, with the digests of both."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self.size = 0
        self._stream = stream
        self._limit = limit
        self._inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._packed = hashlib.sha256()
        self._digest = hashlib.sha256()
        self._pending = b""
        self._ready = b""
        if stream.read(len(_GZIP_HEADER)) != _GZIP_HEADER:
            msg = "It does not begin as a gzip file of the kit does."
            raise LayerRefusedError(msg)
        stream.seek(0)

    def take(self, count: int) -> bytes:
        """The next bytes of the tar, at most ``count``, and at least one.

        Raises:
            LayerRefusedError: The tar ends here, or the layer is damaged or unpacks to too much.
        """
        while not self._ready:
            self._fill()
        data, self._ready = self._ready[:count], self._ready[count:]
        self._digest.update(data)
        return data

    def exactly(self, count: int) -> bytes:
        """The next ``count`` bytes; ``count`` is small."""
        parts = []
        while count:
            part = self.take(count)
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def finish(self) -> tuple[str, str]:
        """The digests of the layer and of its tar, which must both end here."""
        while not self._ready and not self._inflater.eof:
            self._fill(may_end=True)
        if self._ready or self._pending or self._inflater.unused_data or self._stream.read(1):
            msg = "It has bytes after its end."
            raise LayerRefusedError(msg)
        return f"sha256:{self._packed.hexdigest()}", f"sha256:{self._digest.hexdigest()}"

    def _fill(self, *, may_end: bool = False) -> None:
        if self._inflater.eof and may_end:
            return
        if not self._pending:
            self._pending = self._stream.read(_CHUNK)
            self._packed.update(self._pending)
        if self._inflater.eof or not self._pending:
            msg = "It ends too early."
            raise LayerRefusedError(msg)
        try:
            self._ready = self._inflater.decompress(self._pending, _CHUNK)
        except zlib.error as error:
            msg = "Its compressed bytes are damaged."
            raise LayerRefusedError(msg) from error
        self._pending = self._inflater.unconsumed_tail
        self.size += len(self._ready)
        if self.size > self._limit:
            msg = f"It unpacks to more than {self._limit:,} bytes, {RATIO_MAX} times its size: no package does."
            raise LayerRefusedError(msg)


def _read_members(tar: _Tar) -> list[PackMember]:
    members: list[PackMember] = []
    while (header := tar.exactly(BLOCK)) != bytes(BLOCK):
        if len(members) >= ENTRIES_MAX:
            msg = f"It has more than {ENTRIES_MAX:,} files and folders."
            raise LayerRefusedError(msg)
        members.append(_read_member(tar, header))
    if tar.exactly(len(END) - BLOCK).strip(b"\0"):
        msg = "Its last block is not empty."
        raise LayerRefusedError(msg)
    return members


def _read_member(tar: _Tar, header: bytes) -> PackMember:
    records, name = header, _short_name(header)
    if header[156:157] == EXTENDED:
        size = _number(header[124:136])
        if size > _EXTENDED_MAX:
            msg = f"It has an extended header of {size:,} bytes; no path is so long."
            raise LayerRefusedError(msg)
        extended = tar.exactly(size)
        header = tar.exactly(len(padding(size)) + BLOCK)
        records += extended + header
        name = extended.partition(b" path=")[2].removesuffix(b"\n")
        header = header[-BLOCK:]
    path = _checked_path(name, header[156:157])
    mode, size = _number(header[100:108]), _number(header[124:136])
    is_file = header[156:157] == REGULAR
    if records != (file_records(path, mode, size) if is_file else folder_records(path)):
        msg = f"{printable(path)} has another owner, time, size or header than the kit writes."
        raise LayerRefusedError(msg)
    if is_file and mode not in {REGULAR_MODE, EXECUTABLE_MODE}:
        msg = f"{printable(path)} has the mode {mode:04o}; the kit writes 0644 and 0755."
        raise LayerRefusedError(msg)
    digest = hashlib.sha256()
    left = size
    while left:
        part = tar.take(left)
        digest.update(part)
        left -= len(part)
    if tar.exactly(len(padding(size))).strip(b"\0"):
        msg = f"{printable(path)} has bytes after its content."
        raise LayerRefusedError(msg)
    return PackMember(
        path=path,
        mode=mode,
        size=size,
        sha256=digest.hexdigest(),
        crc32=0,
        method=STORED if is_file else -1,
        compressed_size=size,
        offset=0,
    )


def _short_name(header: bytes) -> bytes:
    name, prefix = header[:100].rstrip(b"\0"), header[345:500].rstrip(b"\0")
    return prefix + b"/" + name if prefix else name


def _checked_path(name: bytes, kind: bytes) -> str:
    shown = printable(name.decode("utf-8", "replace"), 200)
    if kind in _LINKS or kind in _DEVICES:
        msg = f"{shown} is {_LINKS.get(kind) or _DEVICES[kind]}; the kit writes only files and folders."
        raise LayerRefusedError(msg)
    if kind not in {REGULAR, FOLDER}:
        msg = f"{shown} is neither a file nor a folder (type {kind!r})."
        raise LayerRefusedError(msg)
    try:
        path = name.decode()
    except UnicodeDecodeError as error:
        msg = f"{shown} has a name that is not UTF-8."
        raise LayerRefusedError(msg) from error
    if kind == FOLDER:
        path = path.removesuffix("/")
    if fault := path_problem(path):
        msg = f"{shown} {fault}."
        raise LayerRefusedError(msg)
    if not f"{path}/".startswith(f"{TASK_ROOT}/") and f"{path}/" != "var/":
        msg = f"{shown} is outside of {TASK_ROOT}."
        raise LayerRefusedError(msg)
    if kind == REGULAR and not path.startswith(f"{TASK_ROOT}/"):
        msg = f"{shown} is a file where the kit writes a folder."
        raise LayerRefusedError(msg)
    return path


def _number(field: bytes) -> int:
    text = field.rstrip(b"\0 ")
    try:
        return int(text, 8) if text else 0
    except ValueError as error:
        msg = "It has a header with a number that cannot be read."
        raise LayerRefusedError(msg) from error


def _check_order(members: Sequence[PackMember]) -> None:
    """Files are sorted and have one entry each; the entries of their new folders come directly before them."""
    expected: list[str] = []
    folders: set[str] = set()
    files = {member.path for member in members if member.method == STORED}
    for path in sorted(files, key=sort_key):
        new = [folder for folder in folders_of(path) if folder not in folders]
        folders.update(new)
        expected += [*new, path]
    if [member.path for member in members] != expected:
        found = [member.path for member in members]
        at = next((number for number, pair in enumerate(zip(found, expected, strict=False)) if pair[0] != pair[1]), 0)
        msg = f"{printable(found[at]) if found else 'It'} is listed twice, out of order, or an empty folder."
        raise LayerRefusedError(msg)
