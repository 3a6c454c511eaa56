"""Names of the plugin's own files that mean the same file on every system it may be checked out on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from builder.archive.entry_paths import path_fault
from builder.errors import Problem
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from builder.bundle.source_files import SourceFile

PATH_MAX_BYTES: Final = 250
"""Of a whole path: Windows takes 260 characters with the folder before it."""

_WINDOWS_CHARACTERS: Final = frozenset('<>:"|?*')
_WINDOWS_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:\..*)?", re.IGNORECASE)
_RENAME: Final = "Rename the file, or leave it out with [build] exclude."


def source_problems(sources: Iterable[SourceFile]) -> list[Problem]:
    """Judge every file's name, and the line ends of scripts.

    Returns:
        Every problem, in the order of the files.
    """
    problems: list[Problem] = []
    spelled: dict[str, SourceFile] = {}
    for source in sources:
        fault = name_fault(source.path)
        if fault:
            problems.append(_problem(source, fault, _RENAME))
        twin = spelled.setdefault(source.path.casefold(), source)
        if twin is not source:
            problems.append(
                _problem(
                    source,
                    f"differs from {twin.origin} only in upper and lower case, which Windows and macOS mix up",
                    _RENAME,
                )
            )
        first_line = source.content[:256].split(b"\n", 1)[0] if source.content.startswith(b"#!") else b""
        if first_line.endswith(b"\r"):
            problems.append(
                _problem(
                    source,
                    "is a script with Windows line ends (CRLF), so Linux does not find its interpreter",
                    "Save it with LF line ends; '* text=auto eol=lf' in .gitattributes keeps it so.",
                )
            )
    return problems


def name_fault(path: str) -> str:
    """Say why a first-party file must not have this path, or return an empty text."""
    fault = path_fault(path)
    if fault:
        return fault
    if not path.isascii() and not _is_composed(path):
        return "has a name in decomposed Unicode (NFD), which other systems spell differently; use NFC"
    if len(path.encode()) > PATH_MAX_BYTES:
        return f"has a path of {len(path.encode())} bytes; {PATH_MAX_BYTES} are allowed"
    for part in path.split("/"):
        if not _WINDOWS_CHARACTERS.isdisjoint(part) or part.endswith((".", " ")) or _WINDOWS_DEVICE.fullmatch(part):
            return (
                'has a name that Windows cannot store (< > : " | ? *, a dot or space at its end, a device such as aux)'
            )
    return ""


def _is_composed(path: str) -> bool:
    import unicodedata  # a megabyte that plain names do not need

    return unicodedata.is_normalized("NFC", path)


def _problem(source: SourceFile, message: str, hint: str) -> Problem:
    shown = printable(source.origin)
    return Problem(file=shown, message=f"{shown} {message}.", hint=hint)
