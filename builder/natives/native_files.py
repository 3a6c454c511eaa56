"""Programs and libraries among a package's files, told by their first bytes, whatever they are called."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from builder.natives.elf import MAGIC

if TYPE_CHECKING:
    from builder.natives.elf import Elf

PEEK = 64
"""Bytes that tell a kind."""
_MACH_O = {b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"}
_MACH_O_FAT = {b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"}
_FEWEST_JAVA = 40
"""Mach-O for several machines begins like Java's class files; then comes a count there, a version above 44 here."""

_TAGGED = re.compile(r"\.(cpython-[0-9a-z]+|pypy[0-9a-z]+-pp[0-9a-z]+|abi3|cp3\d+-[a-z_0-9]+)[^/]*\.(?:so|pyd)$")
_LIBRARY = re.compile(r"\.(?:so(?:\.[0-9.]+)?|dylib)$")


class NativeFormat(StrEnum):
    """Whose programs are of this form."""

    ELF = "ELF (Linux)"
    MACH_O = "Mach-O (macOS)"
    PE = "PE (Windows)"


@dataclass(frozen=True, kw_only=True, slots=True)
class NativeFile:
    """One program or library.

    Attributes:
        kind: Its form.
        elf: What it asks for, when it is one of Linux.
    """

    kind: NativeFormat
    elf: Elf | None = None


def native_format(start: bytes) -> NativeFormat | None:
    """The kind that a file's first bytes tell (``PEEK`` of them, or all of a shorter file), or None."""
    if start.startswith(MAGIC):
        return NativeFormat.ELF
    if start.startswith(b"MZ") and len(start) >= PEEK:
        return NativeFormat.PE
    if start[:4] in _MACH_O:
        return NativeFormat.MACH_O
    if start[:4] in _MACH_O_FAT and len(start) >= PEEK and struct.unpack_from(">I", start, 4)[0] < _FEWEST_JAVA:
        return NativeFormat.MACH_O
    return None


def abi_tag(path: str) -> str:
    """The tag that Python reads from an extension module's name, such as ``cpython-312`` or ``abi3``; else empty."""
    found = _TAGGED.search(path)
    return found[1] if found else ""


def is_library(path: str) -> bool:
    """Whether a file is named as a library: ``.so``, ``.so.1.2``, ``.dylib`` or ``.node``."""
    return bool(_LIBRARY.search(path)) or path.endswith(".node")
