"""Paths that are safe in an archive: every program unpacks them to the same file inside the root."""

from __future__ import annotations

import re
from typing import Final

PART_MAX_BYTES: Final = 255
"""The longest folder or file name of Linux file systems, and so of Lambda's."""

BIDI_CONTROLS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CONTROL_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_PLAIN_PATH: Final = re.compile(r"(?:[A-Za-z0-9_@+-][A-Za-z0-9_@+.-]{0,200}/)*[A-Za-z0-9_@+-][A-Za-z0-9_@+.-]{0,200}")
_DRIVE: Final = re.compile(r"[A-Za-z]:")


def path_problem(path: str) -> str:
    """Why a path must not be in an archive; empty when it may.

    Args:
        path: Of a file, relative to the root, ``/`` between its parts.
    """
    if _PLAIN_PATH.fullmatch(path):
        return ""  # nearly every path of every package; the rules below take ten times as long
    return _root_problem(path) or _part_problem(path.split("/")) or _character_problem(path)


def _root_problem(path: str) -> str:
    if not path:
        return "has an empty name"
    if path.startswith("/"):
        return "has an absolute path; only paths inside the archive are allowed"
    if "\\" in path:
        return "has a backslash in its path, which Windows and Linux read differently; use /"
    if _DRIVE.match(path):
        return "has a path with a drive letter; only paths inside the archive are allowed"
    return ""


def _part_problem(parts: list[str]) -> str:
    if ".." in parts:
        return "leaves the archive with '..'"
    if "" in parts or "." in parts:
        return "has an empty or '.' part in its path, so that two spellings mean the same file"
    if any(len(part.encode("utf-8", "surrogatepass")) > PART_MAX_BYTES for part in parts):
        return f"has a name longer than {PART_MAX_BYTES} bytes, which Linux cannot store"
    return ""


def _character_problem(path: str) -> str:
    if path.isascii() and path.isprintable():
        return ""
    import unicodedata  # a megabyte of tables that few paths need

    if any(unicodedata.category(character) in _CONTROL_CATEGORIES for character in path):
        return "has a control character in its path"
    if not BIDI_CONTROLS.isdisjoint(path):
        return "has a text-direction control in its path, so that it looks like a different name"
    return ""


def folders_of(path: str) -> list[str]:
    """Every folder above a path, the nearest one last: ``a`` and ``a/b`` for ``a/b/c``."""
    folders = []
    at = path.find("/")
    while at >= 0:
        folders.append(path[:at])
        at = path.find("/", at + 1)
    return folders


def sort_key(path: str) -> bytes:
    """The key that archives are sorted by: the UTF-8 bytes, which are the same in every locale and on every machine."""
    return path.encode()
