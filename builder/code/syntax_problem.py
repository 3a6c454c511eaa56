"""One place where a file is not valid code."""

from __future__ import annotations

from msgspec import Struct


class SyntaxProblem(Struct, frozen=True, kw_only=True):
    """The first syntax error of one file.

    Attributes:
        line: 1-based.
        message: What is wrong there, without a full stop.
        hint: How to fix it, where that is known.
    """

    line: int
    message: str
    hint: str = ""


def syntax_problem_at(content: bytes, offset: int, message: str, hint: str = "") -> SyntaxProblem:
    """The syntax problem at a byte of a file."""
    return SyntaxProblem(line=content.count(b"\n", 0, offset) + 1, message=message, hint=hint)
