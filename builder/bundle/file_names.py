"""Checks that the names of the plugin's own files work on every system that may check out the repository."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from builder.archive.entry_paths import path_problem
from builder.errors import Problem
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from builder.bundle.source_files import SourceFile

PATH_MAX_BYTES: Final = 250
"""Of a whole path: Windows allows 260 characters, including the folder before it."""

_WINDOWS_CHARACTERS: Final = frozenset('<>:"|?*')
_WINDOWS_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:\..*)?", re.IGNORECASE)
_NAME_CODE: Final = "file-name"
_RENAME: Final = "Rename the file, or exclude it with [build] exclude."


def source_problems(sources: Iterable[SourceFile]) -> list[Problem]:
    """Check every file's name, and the line endings of scripts.

    Returns:
        Every problem, in the order of the files.
    """
    problems: list[Problem] = []
    first_of_name: dict[str, SourceFile] = {}
    for source in sources:
        fault = name_fault(source.path)
        if fault:
            problems.append(_problem(source, fault, _RENAME, code=_NAME_CODE))
        other = first_of_name.setdefault(source.path.casefold(), source)
        if other is not source:
            problems.append(
                _problem(
                    source,
                    f"differs from {other.origin} only in upper and lower case, which Windows and macOS ignore",
                    _RENAME,
                    code=_NAME_CODE,
                )
            )
        first_line = source.content[:256].split(b"\n", 1)[0] if source.content.startswith(b"#!") else b""
        if first_line.endswith(b"\r"):
            problems.append(
                _problem(
                    source,
                    "is a script with Windows line endings (CRLF), so Linux does not find its interpreter",
                    "Save it with LF line endings, and add '* text=auto eol=lf' to .gitattributes.",
                    code="line-endings",
                )
            )
    return problems


def name_fault(path: str) -> str:
    """Why one of the plugin's own files must not have this path, or an empty text."""
    fault = path_problem(path)
    if fault:
        return fault
    if not path.isascii() and not _is_composed(path):
        return (
            "has a name in decomposed Unicode (NFD), which other systems store differently; use composed Unicode (NFC)"
        )
    if len(path.encode()) > PATH_MAX_BYTES:
        return f"has a path of {len(path.encode())} bytes; at most {PATH_MAX_BYTES} are allowed"
    for part in path.split("/"):
        if not _WINDOWS_CHARACTERS.isdisjoint(part) or part.endswith((".", " ")) or _WINDOWS_DEVICE.fullmatch(part):
            return 'has a name that Windows cannot store (< > : " | ? *, final dots or spaces, devices such as aux)'
    return ""


def _is_composed(path: str) -> bool:
    import unicodedata  # a module of 1 MB that ASCII names do not need

    return unicodedata.is_normalized("NFC", path)


def _problem(source: SourceFile, message: str, hint: str, *, code: str) -> Problem:
    name = printable(source.origin)
    return Problem(file=name, message=f"{name} {message}.", hint=hint, code=code)
