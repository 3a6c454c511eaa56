"""Characters that must not be in a manifest: what people see must be what the platform gets.

Control characters end lines or strings early in other tools; bidirectional controls show text in
another order than it has (Unicode's Bidi_Control property); lone surrogates are not text at all.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from builder.manifest.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.finding import KeyPath

INVISIBLE = "manifest-invisible-character"
RETYPE = "Delete it: type the text again instead of pasting it."
_FORBIDDEN = (
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f"  # controls except tab, line feed, carriage return
    "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069"  # Bidi_Control
    "\\ud800-\\udfff]"  # surrogates
)
_MAX_LINES = 20


def forbidden_character(text: str) -> str:
    """The first forbidden character of a text as ``U+202E``; empty if there is none."""
    if text.isprintable():
        return ""  # nearly every text, so that the expression need not be compiled; it has only unprintable characters
    match = re.search(_FORBIDDEN, text)
    return f"U+{ord(match[0]):04X}" if match else ""


def forbidden_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines, counted from 1, that contain a forbidden character, with its code; at most twenty."""
    codes = ((number, forbidden_character(line)) for number, line in enumerate(text.split("\n"), start=1))
    yield from islice(((number, code) for number, code in codes if code), _MAX_LINES)


def check_values(value: object, path: KeyPath = ()) -> Iterator[Finding]:
    r"""Find forbidden characters that are written as escapes (``"\u202e"``), in keys and in values."""
    if isinstance(value, dict):
        for key, item in value.items():
            if code := forbidden_character(key):
                yield Finding(
                    path=(*path, key),
                    message=f"The key contains the invisible character {code}.",
                    hint=RETYPE,
                    code=INVISIBLE,
                )
            yield from check_values(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from check_values(item, (*path, index))
    elif isinstance(value, str) and (code := forbidden_character(value)):
        yield Finding(
            path=path, message=f"The text contains the invisible character {code}.", hint=RETYPE, code=INVISIBLE
        )
