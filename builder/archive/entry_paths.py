"""Which paths every reader of an archive takes for the same file inside the root."""

from __future__ import annotations

import re
from typing import Final

PART_MAX_BYTES: Final = 255
"""Of one folder or file name: Linux file systems, and so Lambda's, take no more."""

BIDI_CONTROLS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CONTROL_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_PLAIN_PATH: Final = re.compile(r"(?:[A-Za-z0-9_@+-][A-Za-z0-9_@+.-]{0,200}/)*[A-Za-z0-9_@+-][A-Za-z0-9_@+.-]{0,200}")
_DRIVE: Final = re.compile(r"[A-Za-z]:")


def path_problem(path: str) -> str:
    """Say why a path must not be in an archive, or return an empty text.

    Args:
        path: Of a file, relative to the root, ``/`` between its parts.
    """
    if _PLAIN_PATH.fullmatch(path):
        return ""  # nearly every path of every package: the rules below cost ten times as much
    return _root_fault(path) or _part_fault(path.split("/")) or _character_fault(path)


def _root_fault(path: str) -> str:
    if not path:
        return "has an empty name"
    if path.startswith("/"):
        return "has an absolute path; only paths inside the archive are allowed"
    if "\\" in path:
        return "has a backslash in its path, which Windows and Linux read differently; use /"
    if _DRIVE.match(path):
        return "has a path with a drive letter; only paths inside the archive are allowed"
    return ""


def _part_fault(parts: list[str]) -> str:
    if ".." in parts:
        return "climbs out of the archive with '..'"
    if "" in parts or "." in parts:
        return "has an empty or '.' part in its path, so that two spellings name one file"
    if any(len(part.encode("utf-8", "surrogatepass")) > PART_MAX_BYTES for part in parts):
        return f"has a name longer than {PART_MAX_BYTES} bytes, which Linux cannot store"
    return ""


def _character_fault(path: str) -> str:
    if path.isascii() and path.isprintable():
        return ""
    import unicodedata  # a megabyte that few names need

    if any(unicodedata.category(character) in _CONTROL_CATEGORIES for character in path):
        return "has a control character in its path"
    if not BIDI_CONTROLS.isdisjoint(path):
        return "has a text-direction control in its path, so that it reads as another name than it is"
    return ""


def folders_of(path: str) -> list[str]:
    """Every folder above a path, the nearest last: ``a/b/c`` has ``a`` and ``a/b``."""
    found = []
    at = path.find("/")
    while at >= 0:
        found.append(path[:at])
        at = path.find("/", at + 1)
    return found


def sort_key(path: str) -> bytes:
    """What archives are sorted by: the UTF-8 bytes, which no locale and no host changes."""
    return path.encode()
