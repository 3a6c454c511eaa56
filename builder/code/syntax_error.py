"""One place where a file is not valid code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Flaw:
    """The first syntax error of one file.

    Attributes:
        line: 1-based.
        message: What is wrong there, without a full stop.
        hint: How to fix it, where that is known.
    """

    line: int
    message: str
    hint: str = ""


def flaw_at(content: bytes, offset: int, message: str, hint: str = "") -> Flaw:
    """A flaw at a byte of a file."""
    return Flaw(line=content.count(b"\n", 0, offset) + 1, message=message, hint=hint)
