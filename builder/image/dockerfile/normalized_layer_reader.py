"""A strict reader of normalised layers: it accepts only what ``normalized_layer`` writes.

A layer of a Dockerfile may have links, devices and deletions anywhere in the image. They are read and compared with
the records that the kit would write, but never followed or made.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from builder.archive.directory import ENTRIES_MAX
from builder.archive.entry_paths import folders_of
from builder.build_values import STORED, PackMember
from builder.image.dockerfile.normalized_layer import DELETION, layer_order
from builder.image.dockerfile.tar_members import (
    BLOCK_DEVICE,
    CHARACTER_DEVICE,
    DIRECTORY,
    FILE,
    HARD_LINK,
    PIPE,
    SYMBOLIC_LINK,
    TarMember,
    member_records,
)
from builder.image.layer_tar import LayerContents, LayerRefusedError, LayerTar, number_in
from builder.image.tar_records import BLOCK, END, EXTENDED, padding, unpacked_limit
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_KINDS: Final = frozenset({FILE, HARD_LINK, SYMBOLIC_LINK, CHARACTER_DEVICE, BLOCK_DEVICE, DIRECTORY, PIPE})
_EXTENDED_MAX: Final = 1 << 16
_RECORD: Final = re.compile(rb"[0-9]{1,5} (path|linkpath)=")
_OPAQUE: Final = f"{DELETION}{DELETION}.opq"
"""A folder with this member hides everything that lower layers have in it."""


def read_normalized_layer(file: Path, size: int) -> LayerContents:
    """Read a layer.

    Args:
        file: The layer.
        size: Its bytes, as the manifest has them.

    Raises:
        LayerRefusedError: It is damaged, malicious, or in another form than the kit writes.
        OSError: It cannot be read.
    """
    members: list[PackMember] = []
    others: list[str] = []
    with file.open("rb") as stream:
        tar = LayerTar(stream, unpacked_limit(size))
        for member, sha256 in _read_members(tar):
            if member.kind == FILE and not member.path.rpartition("/")[2].startswith(DELETION):
                members.append(_file(member, sha256))
            else:
                others.append(f"{member.path}/" if member.kind == DIRECTORY else member.path)
        digest, diff_id = tar.finish()
    return LayerContents(
        digest=digest, diff_id=diff_id, unpacked_size=tar.size, members=tuple(members), others=tuple(others)
    )


def visible_files(layers: Iterable[LayerContents]) -> tuple[PackMember, ...]:
    """The files that a container sees, sorted by path.

    Args:
        layers: All layers, the lowest first.
    """
    visible: list[PackMember] = []
    taken: set[str] = set()
    hidden: set[str] = set()  # nothing below these paths is seen
    for layer in reversed(tuple(layers)):
        visible += [
            member
            for member in layer.members
            if member.path not in taken and hidden.isdisjoint([member.path, *folders_of(member.path)])
        ]
        for path in layer.others:
            folder, _, name = path.rpartition("/")
            if name == _OPAQUE:
                hidden.add(folder)
            elif name.startswith(DELETION):
                hidden.add(f"{folder}/{name.removeprefix(DELETION)}".removeprefix("/"))
            elif name:
                hidden.add(path)
            else:
                taken.add(folder)
        taken.update(member.path for member in layer.members)
        hidden.update(member.path for member in layer.members)
    return tuple(sorted(visible, key=lambda member: member.path.encode("utf-8", "surrogateescape")))


def _read_members(tar: LayerTar) -> Iterator[tuple[TarMember, str]]:
    """Each member, and the sha256 of its content."""
    count, files = 0, set[str]()
    previous: list[tuple[bool, bytes]] = []
    while (header := tar.exactly(BLOCK)) != bytes(BLOCK):
        member = _read_member(tar, header)
        count += 1
        order = layer_order(member.path)
        if count > ENTRIES_MAX:
            msg = f"It has more than {ENTRIES_MAX:,} files and folders."
            raise LayerRefusedError(msg)
        if order <= previous:
            msg = f"{printable(member.path)} is listed twice, or out of order."
            raise LayerRefusedError(msg)
        if member.kind == HARD_LINK and member.target not in files:
            msg = f"{printable(member.path)} is a link to a file that is not before it in the layer."
            raise LayerRefusedError(msg)
        if member.kind == FILE:
            files.add(member.path)
        yield member, tar.content_digest(member.path, member.size)
        previous = order
    if tar.exactly(len(END) - BLOCK).strip(b"\0"):
        msg = "Its last block is not empty."
        raise LayerRefusedError(msg)


def _read_member(tar: LayerTar, header: bytes) -> TarMember:
    records, extended = header, dict[bytes, bytes]()
    if header[156:157] == EXTENDED:
        size = number_in(header[124:136])
        if size > _EXTENDED_MAX:
            msg = f"It has an extended header of {size:,} bytes; no path is so long."
            raise LayerRefusedError(msg)
        text = tar.exactly(size)
        header = tar.exactly(len(padding(size)) + BLOCK)
        records += text + header
        extended = dict(_pax_records(text))
        header = header[-BLOCK:]
    kind = header[156:157]
    path = _text(extended.get(b"path", header[:100].rstrip(b"\0")))
    if kind not in _KINDS:
        msg = f"{printable(path, 200)} is neither a file, a folder, a link nor a device (type {kind!r})."
        raise LayerRefusedError(msg)
    path = path.removesuffix("/") if kind == DIRECTORY else path
    if not path or "\0" in path or not {"", ".", ".."}.isdisjoint(path.split("/")):
        msg = f"{printable(path, 200)!r} is not a path inside of an image."
        raise LayerRefusedError(msg)
    member = TarMember(
        path=path,
        kind=kind,
        mode=number_in(header[100:108]),
        size=number_in(header[124:136]) if kind == FILE else 0,
        target=_text(extended.get(b"linkpath", header[157:257].rstrip(b"\0"))),
        device=(number_in(header[329:337]), number_in(header[337:345])),
    )
    if records != member_records(member):
        msg = f"{printable(path, 200)} has another owner, time, size or header than the kit writes."
        raise LayerRefusedError(msg)
    return member


def _pax_records(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The records of an extended header; what is not one stays out, and the comparison with the kit's form finds it."""
    at = 0
    while (match := _RECORD.match(text, at)) is not None:
        end = at + int(text[at:].partition(b" ")[0])
        yield match[1], text[match.end() : end - 1]
        at = max(end, match.end())


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _file(member: TarMember, sha256: str) -> PackMember:
    return PackMember(
        path=member.path,
        mode=member.mode,
        size=member.size,
        sha256=sha256,
        crc32=0,
        method=STORED,
        compressed_size=member.size,
        offset=0,
    )
