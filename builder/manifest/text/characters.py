"""Characters that have no place in a manifest: what people see must be what the platform gets.

Control characters end lines or strings early in other tools; bidirectional controls show text in another order than it
has (Unicode's Bidi_Control property); lone surrogates are no text at all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.manifest.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.finding import KeyPath

_FORBIDDEN = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f"  # controls but tab, line feed, carriage return
    "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069"  # Bidi_Control
    "\\ud800-\\udfff]"  # surrogates
)
_MOST_LINES = 20


def forbidden_in(text: str) -> str:
    """The first forbidden character as ``U+202E``, or empty."""
    found = _FORBIDDEN.search(text)
    return f"U+{ord(found[0]):04X}" if found else ""


def forbidden_lines(text: str) -> Iterator[tuple[int, str]]:
    """The 1-based lines of a text that hold a forbidden character, with its code; at most twenty."""
    if not _FORBIDDEN.search(text):
        return
    lines = ((number, forbidden_in(line)) for number, line in enumerate(text.split("\n"), start=1))
    found = ((number, code) for number, code in lines if code)
    for _, place in zip(range(_MOST_LINES), found, strict=False):
        yield place


def check_values(value: object, path: KeyPath = ()) -> Iterator[Finding]:
    r"""Find forbidden characters that came in as escapes (``"\u202e"``), in keys and in values."""
    if isinstance(value, dict):
        for key, item in value.items():
            if code := forbidden_in(key):
                yield _finding((*path, key), f"The key holds the invisible character {code}.")
            yield from check_values(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from check_values(item, (*path, index))
    elif isinstance(value, str) and (code := forbidden_in(value)):
        yield _finding(path, f"The text holds the invisible character {code}.")


def _finding(path: KeyPath, message: str) -> Finding:
    return Finding(path=path, message=message, hint="Delete it; type the line again instead of pasting it.")
