"""Recognises programs and libraries among a package's files by their first bytes, whatever their names."""

from __future__ import annotations

import re
import struct
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.natives.elf import MAGIC

if TYPE_CHECKING:
    from builder.natives.elf import Elf

PEEK = 64
"""Bytes needed to recognise a format."""
_MACH_O = {b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"}
_MACH_O_FAT = {b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"}
_MIN_JAVA_VERSION = 40
"""A Mach-O file for several machines begins like a Java class file; the next number is a count, or Java's version (45
or higher)."""

_TAGGED = r"\.(cpython-[0-9a-z]+|pypy[0-9a-z]+-pp[0-9a-z]+|abi3|cp3\d+-[a-z_0-9]+)[^/]*\.(?:so|pyd)$"
_LIBRARY = r"\.(?:so(?:\.[0-9.]+)?|dylib)$"


class NativeFormat(StrEnum):
    """The file format of a program or library."""

    ELF = "ELF (Linux)"
    MACH_O = "Mach-O (macOS)"
    PE = "PE (Windows)"


class NativeFile(Struct, frozen=True, kw_only=True):
    """One program or library.

    Attributes:
        file_format: ELF, Mach-O or PE.
        elf: What it needs; None for other formats.
    """

    file_format: NativeFormat
    elf: Elf | None = None


def native_format(start: bytes) -> NativeFormat | None:
    """The format by a file's first bytes (``PEEK`` of them, or all of a shorter file); None for other files."""
    if start.startswith(MAGIC):
        return NativeFormat.ELF
    if start.startswith(b"MZ") and len(start) >= PEEK:
        return NativeFormat.PE
    if start[:4] in _MACH_O:
        return NativeFormat.MACH_O
    if start[:4] in _MACH_O_FAT and len(start) >= PEEK and struct.unpack_from(">I", start, 4)[0] < _MIN_JAVA_VERSION:
        return NativeFormat.MACH_O
    return None


def abi_tag(path: str) -> str:
    """The ABI tag in an extension module's name, such as ``cpython-312`` or ``abi3``; otherwise empty."""
    match = re.search(_TAGGED, path)
    return match[1] if match else ""


def is_library(path: str) -> bool:
    """Whether a file has a library's name: ``.so``, ``.so.1.2``, ``.dylib`` or ``.node``."""
    return bool(re.search(_LIBRARY, path)) or path.endswith(".node")
