"""A layer of a Docker engine again, with one order, time and owner: the same files give the same bytes.

An engine writes members in the order of its file system, with the time of the build. What a program
sees stays the same: paths, modes, contents, links and deletions.

Python's bytecode names the time and the size of its source, and Python compiles again when they
differ, at every cold start, because Lambda's disk is read-only. So bytecode that fits the source
beside it gets the new time too.
"""

from __future__ import annotations

import gzip
import hashlib
import mmap
import re
import shutil
import struct
import tarfile
import tempfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, BinaryIO, Final

from msgspec import Struct

from builder.archive.compression import LEVEL
from builder.errors import PackagingError
from builder.image.dockerfile.tar_members import (
    BLOCK_DEVICE,
    CHARACTER_DEVICE,
    DIRECTORY,
    FILE,
    HARD_LINK,
    PIPE,
    SIZE_MAX,
    SYMBOLIC_LINK,
    TarMember,
    member_records,
)
from builder.image.tar_records import END, MODIFIED, padding
from builder.oci import OCI_LAYER_GZIP, Descriptor, StoredLayer
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NORMALIZING_CODE: Final = (
    "archive/compression.py",
    "image/dockerfile/normalized_layer.py",
    "image/dockerfile/tar_members.py",
    "image/tar_records.py",
)
"""The code that decides the bytes of a normalised layer."""

_CHUNK: Final = 1 << 20
DELETION: Final = ".wh."
"""Before the name of a file that the layer deletes."""
_GZIP: Final = b"\x1f\x8b"
_BYTECODE: Final = re.compile(r"(?:(.*)/)?__pycache__/([^/]+?)\.[a-z]+-[0-9]+(?:\.opt-[0-9]+)?\.pyc")
_BYTECODE_HEADER: Final = struct.Struct("<4sIII")
_KINDS: Final = {
    tarfile.REGTYPE: FILE,
    tarfile.AREGTYPE: FILE,
    tarfile.CONTTYPE: FILE,
    tarfile.GNUTYPE_SPARSE: FILE,
    tarfile.LNKTYPE: HARD_LINK,
    tarfile.SYMTYPE: SYMBOLIC_LINK,
    tarfile.CHRTYPE: CHARACTER_DEVICE,
    tarfile.BLKTYPE: BLOCK_DEVICE,
    tarfile.DIRTYPE: DIRECTORY,
    tarfile.FIFOTYPE: PIPE,
}


class _Source(Struct, frozen=True, kw_only=True):
    """A member as the normalised tar has it, and the member of the old tar with its content."""

    member: TarMember
    content: tarfile.TarInfo | None


def normalize_layer(source: IO[bytes], target: Path) -> StoredLayer:
    """Write a layer again.

    Args:
        source: The layer's tar, or the tar in gzip; it can be read at any place.
        target: The normalised layer, in one gzip member; its tar is beside it for a moment.

    Raises:
        PackagingError: The layer is damaged, or has something that cannot be in an image for Lambda.
        OSError: The disk is full, or the target is not writable.
    """
    import deflate

    plain = target.with_suffix(".tar")
    try:
        with plain.open("w+b") as stream:
            with _opened(source) as tar:
                diff_id = _write_normalized(tar, stream)
            stream.flush()
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                compressed = deflate.gzip_compress(mapped, LEVEL)
    except (tarfile.TarError, EOFError, gzip.BadGzipFile) as error:
        reason = "it is not a complete tar"
        raise _refused(reason) from error
    finally:
        plain.unlink(missing_ok=True)
    target.write_bytes(compressed)
    digest = f"sha256:{hashlib.sha256(compressed).hexdigest()}"
    descriptor = Descriptor(media_type=OCI_LAYER_GZIP, digest=digest, size=len(compressed))
    return StoredLayer(file=target, descriptor=descriptor, diff_id=diff_id)


@contextmanager
def _opened(source: IO[bytes]) -> Iterator[tarfile.TarFile]:
    """The tar; unpacked to a temporary file first if it is in gzip, because members are read in another order."""
    start = source.read(len(_GZIP))
    source.seek(0)
    if start != _GZIP:
        with tarfile.open(fileobj=source, mode="r:") as tar:
            yield tar
        return
    with tempfile.TemporaryFile() as unpacked:
        with gzip.GzipFile(fileobj=source) as packed:
            shutil.copyfileobj(packed, unpacked, _CHUNK)
        unpacked.seek(0)
        with tarfile.open(fileobj=unpacked, mode="r:") as tar:
            yield tar


def _write_normalized(tar: tarfile.TarFile, stream: BinaryIO) -> str:
    digest = hashlib.sha256()

    def write(data: bytes) -> None:
        digest.update(data)
        stream.write(data)

    members = {path: info for info in tar if (path := _path(info.name))}
    for one in _sources(members):
        write(member_records(one.member))
        if one.content is not None:
            for chunk in _content(tar, one, members):
                write(chunk)
            write(padding(one.member.size))
    write(END)
    return f"sha256:{digest.hexdigest()}"


def _path(name: str) -> str:
    """A member's path without ``./`` and slashes at its ends; empty for the root itself."""
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in parts or "\0" in name:
        reason = f"{printable(name, 80)} is outside of the image"
        raise _refused(reason)
    return "/".join(parts)


def _sources(members: Mapping[str, tarfile.TarInfo]) -> Iterator[_Source]:
    """All members in their new order: folders before what is in them, deletions first in each folder."""
    first: dict[str, str] = {}  # the file with the content -> the first of its names
    for path in sorted(members, key=layer_order):
        info = members[path]
        kind = _KINDS.get(info.type)
        if kind is None or info.size > SIZE_MAX:
            reason = f"{printable(path, 80)} is neither a file, a folder, a link nor a device, or is too large"
            raise _refused(reason)
        if kind not in {FILE, HARD_LINK}:
            yield _Source(member=_member(path, info, kind), content=None)
            continue
        owner = _content_owner(path, members)
        if owner in first:
            mode = members[owner].mode
            member = TarMember(path=path, kind=HARD_LINK, mode=mode, target=first[owner])
            yield _Source(member=member, content=None)
        else:
            first[owner] = path
            yield _Source(member=_member(path, members[owner], FILE), content=members[owner])


def layer_order(path: str) -> list[tuple[bool, bytes]]:
    """The key that a normalised layer is sorted by.

    Deletions stand before the other members of their folder, as OCI's specification of layers advises.
    """
    return [(not part.startswith(DELETION), part.encode("utf-8", "surrogateescape")) for part in path.split("/")]


def _content_owner(path: str, members: Mapping[str, tarfile.TarInfo]) -> str:
    """The path of the member that has the content of a file, which hard links name."""
    seen = set()
    while members[path].type == tarfile.LNKTYPE:
        seen.add(path)
        target = _path(members[path].linkname)
        if target not in members or target in seen or _KINDS.get(members[target].type) not in {FILE, HARD_LINK}:
            reason = f"{printable(path, 80)} is a link to a file that is not in the layer"
            raise _refused(reason)
        path = target
    return path


def _member(path: str, info: tarfile.TarInfo, kind: bytes) -> TarMember:
    is_device = kind in {CHARACTER_DEVICE, BLOCK_DEVICE}
    return TarMember(
        path=path,
        kind=kind,
        mode=info.mode,
        size=info.size if kind == FILE else 0,
        target=info.linkname if kind == SYMBOLIC_LINK else "",
        device=(info.devmajor, info.devminor) if is_device else (0, 0),
    )


def _content(tar: tarfile.TarFile, one: _Source, members: Mapping[str, tarfile.TarInfo]) -> Iterator[bytes]:
    stream = tar.extractfile(one.content) if one.content is not None else None
    if stream is None:
        reason = f"{printable(one.member.path, 80)} has no content"
        raise _refused(reason)
    left = one.member.size
    head = _head(stream, one.member, members)
    while left:
        chunk = head or stream.read(min(left, _CHUNK))
        head = b""
        if not chunk:
            reason = f"{printable(one.member.path, 80)} is cut off"
            raise _refused(reason)
        left -= len(chunk)
        yield chunk


def _head(stream: IO[bytes], member: TarMember, members: Mapping[str, tarfile.TarInfo]) -> bytes:
    """The header of bytecode whose source is beside it, with the source's new time; empty for any other file.

    Source: PEP 552, and ``importlib._bootstrap_external`` for the four words of the header.
    """
    match = _BYTECODE.fullmatch(member.path)
    if match is None or member.size < _BYTECODE_HEADER.size:
        return b""
    source = members.get(f"{match[1]}/{match[2]}.py" if match[1] else f"{match[2]}.py")
    head = stream.read(_BYTECODE_HEADER.size)
    magic, flags, modified, size = _BYTECODE_HEADER.unpack(head)
    limit = 0xFFFFFFFF
    if source is None or flags or (modified, size) != (int(source.mtime) & limit, source.size & limit):
        return head
    return _BYTECODE_HEADER.pack(magic, 0, MODIFIED, size)


def _refused(reason: str) -> PackagingError:
    msg = f"A layer of the built image cannot be used: {reason}."
    return PackagingError(msg, hint="Change the step of the Dockerfile that makes it, or use another base image.")
