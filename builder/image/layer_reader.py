"""A strict reader of layers: it accepts only what ``layer_writer`` writes, so every program unpacks the same files.

Every record is compared with the one that the kit would write for the same path, mode and size. So
links, devices, other owners and times, hidden names and paths outside of var/task are all refused.
A layer is never unpacked to disk, and never beyond what its size allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from builder.archive.directory import ENTRIES_MAX
from builder.archive.entry_paths import folders_of, path_problem, sort_key
from builder.build_values import EXECUTABLE_MODE, REGULAR_MODE, STORED, PackMember
from builder.image.lambda_images import TASK_ROOT
from builder.image.layer_tar import LayerContents, LayerRefusedError, LayerTar, number_in
from builder.image.tar_records import (
    BLOCK,
    END,
    EXTENDED,
    FOLDER,
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

_EXTENDED_MAX: Final = 1 << 16
_LINKS: Final = {b"1": "a hard link", b"2": "a symbolic link"}
_DEVICES: Final = {b"3": "a device", b"4": "a device", b"6": "a pipe"}


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
        tar = LayerTar(stream, unpacked_limit(size))
        members = tuple(_read_members(tar))
        digest, diff_id = tar.finish()
    _check_order(members)
    files = tuple(member for member in members if member.method == STORED)
    return LayerContents(digest=digest, diff_id=diff_id, unpacked_size=tar.size, members=files)


def _read_members(tar: LayerTar) -> list[PackMember]:
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


def _read_member(tar: LayerTar, header: bytes) -> PackMember:
    records, name = header, _short_name(header)
    if header[156:157] == EXTENDED:
        size = number_in(header[124:136])
        if size > _EXTENDED_MAX:
            msg = f"It has an extended header of {size:,} bytes; no path is so long."
            raise LayerRefusedError(msg)
        extended = tar.exactly(size)
        header = tar.exactly(len(padding(size)) + BLOCK)
        records += extended + header
        name = extended.partition(b" path=")[2].removesuffix(b"\n")
        header = header[-BLOCK:]
    path = _checked_path(name, header[156:157])
    mode, size = number_in(header[100:108]), number_in(header[124:136])
    is_file = header[156:157] == REGULAR
    if records != (file_records(path, mode, size) if is_file else folder_records(path)):
        msg = f"{printable(path)} has another owner, time, size or header than the kit writes."
        raise LayerRefusedError(msg)
    if is_file and mode not in {REGULAR_MODE, EXECUTABLE_MODE}:
        msg = f"{printable(path)} has the mode {mode:04o}; the kit writes 0644 and 0755."
        raise LayerRefusedError(msg)
    sha256 = tar.content_digest(path, size)
    return PackMember(
        path=path,
        mode=mode,
        size=size,
        sha256=sha256,
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
