"""Files of unpacked code, each content once: the code of a new version consists of links to them.

On a save, one file of a plugin changes and hundreds of its packages do not. Linking those takes a tenth of the time of
unpacking them (235 ms to 21 ms for 247 files with 16 MB), and no space.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile

if TYPE_CHECKING:
    from pathlib import Path
    from zipfile import ZipInfo

_READ_AND_EXECUTE = 0o555
_READ = 0o444
_TIME = 315_532_800
"""1980-01-01, the modification time of every file: a file with another one was written to since."""
_LOCAL_HEADER = 30
_NAME_LENGTHS = 26
_ENCRYPTED = 1


class SharedFiles:
    """The folder that contains them; several processes may share it.

    Args:
        folder: Must exist when a file is placed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)

    def place(self, data: memoryview, member: ZipInfo, path: str) -> None:
        """Let a path be a file of an archive, without write permission.

        Args:
            data: The whole archive.
            member: Its file.
            path: Must not exist.

        Raises:
            BadZipFile: The file is damaged, or in a way that Lambda does not unpack.
        """
        # A ZIP without Unix modes has 0 here; Lambda makes such files readable.
        mode = ((member.external_attr >> 16) & _READ_AND_EXECUTE) or _READ
        packed = _packed_bytes(data, member)
        shared = os.path.join(self._folder, _name(packed, member, mode))  # noqa: PTH118 - for each of hundreds of files
        if _is_intact(shared, member.file_size):
            with suppress(OSError):  # deleted now by another process, or it has too many links
                os.link(shared, path)
                return
        _write(path, _unpacked(packed, member), mode)
        with suppress(OSError):  # a file system without links: the next version is unpacked as well
            partial = os.path.join(self._folder, f".{secrets.token_hex(8)}")  # noqa: PTH118
            os.link(path, partial)
            os.replace(partial, shared)  # noqa: PTH105

    def delete_unused(self) -> None:
        """Delete the files that no unpacked code has."""
        for entry in os.scandir(self._folder):
            with suppress(OSError):
                if entry.stat().st_nlink == 1:
                    os.unlink(entry.path)  # noqa: PTH108 - for each of thousands of files


def _packed_bytes(data: memoryview, member: ZipInfo) -> memoryview:
    """The compressed bytes of a file."""
    try:
        name, extra = struct.unpack_from("<HH", data, member.header_offset + _NAME_LENGTHS)
    except struct.error as error:
        message = f"{member.filename} is incomplete"
        raise BadZipFile(message) from error
    begin = member.header_offset + _LOCAL_HEADER + name + extra
    return data[begin : begin + member.compress_size]


def _name(packed: memoryview, member: ZipInfo, mode: int) -> str:
    """Equal for equal files only."""
    facts = f"{member.compress_type} {member.file_size} {member.CRC} {mode:o}"
    return hashlib.sha256(hashlib.sha256(packed).digest() + facts.encode()).hexdigest()


def _is_intact(file: str, size: int) -> bool:
    with suppress(OSError):
        state = os.stat(file)  # noqa: PTH116 - for each of hundreds of files
        return state.st_size == size and state.st_mtime == _TIME
    return False


def _write(path: str, content: bytes, mode: int) -> None:
    with open(path, "xb") as stream:  # noqa: PTH123
        stream.write(content)
    os.utime(path, (_TIME, _TIME))
    os.chmod(path, mode)  # noqa: PTH101


def _unpacked(packed: memoryview, member: ZipInfo) -> bytes:
    if member.flag_bits & _ENCRYPTED or member.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        message = f"{member.filename} is encrypted or compressed in an unusual way"
        raise BadZipFile(message)
    content = bytes(packed)
    if member.compress_type == ZIP_DEFLATED:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        content = inflater.decompress(packed, member.file_size + 1)
    if len(content) != member.file_size or zlib.crc32(content) != member.CRC:
        message = f"{member.filename} is damaged"
        raise BadZipFile(message)
    return content
