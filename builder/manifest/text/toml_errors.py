"""What is wrong with a text that is not TOML: the parser's message, in words that help an author.

The messages of ``tomllib`` differ a little between releases of Python and speak of its grammar, so
the common ones are replaced here. The others are shown as they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from builder.errors import Problem
from builder.manifest.finding import format_key, shorten
from builder.manifest.text.line_numbers import line_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from builder.manifest.finding import KeyPath

Expect: TypeAlias = "Callable[[KeyPath], ExpectedValue | None]"
"""Returns what the value of a key must be, or None for an unknown key."""

_CODE = "manifest-syntax"
_PLACE = r"(?s)(.*?)\s*\(at (?:line (\d+), column \d+|end of document)\)"
_VALUE_ERROR = r"Invalid value|Expected newline or end of document after a statement"
_ASSIGNMENT = r"[\sA-Za-z0-9_.-]+=\s*(.*)"
_CURLY_QUOTES = "\u201c\u201d\u201e\u2018\u2019"
_PLAIN = r"[^\s\"'\\,\]}]{1,40}"
_EXPLANATIONS = (
    (r"Expected '=' .*", "The line has no = after the key.", "Write KEY = VALUE. A comment starts with #."),
    (
        r"Invalid statement",
        "The line does not start with a key or a [table].",
        "Put a key in quotes if it has other characters than a-z, A-Z, 0-9, - and _. A comment starts with #.",
    ),
    (
        r"Cannot overwrite a value|Duplicate inline .*",
        "Duplicate key{name}: it is already set above.",
        "Delete one of the two.",
    ),
    (
        r"Cannot (?:declare|redefine|mutate) .*",
        "Duplicate table{name}: it is already defined above.",
        "Move all its keys into one place.",
    ),
    (r"Expected '\]\]?' .*", "The table header has no closing bracket.", "For example [plugin]."),
    (
        r"Invalid initial character for a key part",
        "A key is missing here, or it needs quotes.",
        "Inside { }, write KEY = VALUE, with a comma between two pairs and none after the last.",
    ),
    (
        r"Unclosed array",
        "The list has no closing bracket, or a comma is missing between two entries.",
        'For example ["GET", "POST"].',
    ),
    (
        r"Unclosed inline table",
        "The inline table has no closing brace, or a comma is missing between two pairs.",
        'For example { type = "PRE_REQUEST", order = 10 }, all on one line.',
    ),
    (
        r"Illegal character '\\n'.*|Unterminated string|Expected \"'\"|Expected '\"'.*",
        "The text has no closing quote.",
        "Close it with the same quote that opens it.",
    ),
    (
        r"Unescaped .*|Invalid hex value|Escaped character .*",
        "The text has a backslash that does not start a valid escape.",
        r"Write \\ for a backslash, or put the text in single quotes.",
    ),
)


class ExpectedValue(Struct, frozen=True, kw_only=True):
    """What the value of a key must be.

    Attributes:
        description: Follows "must be", such as ``a whole number from 1 to 32767``.
        is_text: Whether the value must be in quotes.
        example: A valid value as TOML, or empty.
    """

    description: str
    is_text: bool
    example: str

    def hint(self, path: KeyPath, written: str = "") -> str:
        """How to correct a value of the wrong type.

        Args:
            path: The key.
            written: The value as it is written, without quotes, or empty.
        """
        key = path[-1]
        if isinstance(key, int) or not re.fullmatch(r"[A-Za-z0-9_-]+", key):
            return "Put the value in quotes." if self.is_text else ""
        if written.lower() in {"true", "false"} and written.lower() in self.description:
            return f"Write {key} = {written.lower()}."
        if self.is_text and re.fullmatch(_PLAIN, written):
            return f'Put the value in quotes: {key} = "{written}".'
        return f"For example {key} = {self.example}." if self.example else ""


def explain_toml_error(error: str, text: str, *, file: str, expect: Expect | None) -> Problem:
    """The problem behind a message of the TOML parser.

    Args:
        error: The parser's message.
        text: What it read.
        file: Name of the file, for the problem.
        expect: What the values of this file must be, where that is known.
    """
    place = re.fullmatch(_PLACE, error)
    cause = place[1] if place else error
    line = int(place[2] or 0) if place else 0
    line = line or text.rstrip("\n").count("\n") + 1
    if re.fullmatch(_VALUE_ERROR, cause):
        return _explain_value(text, line, file, expect)
    for pattern, message, hint in _EXPLANATIONS:
        if re.fullmatch(pattern, cause):
            sentence = message.format(name=_name_on(text, line))
            return Problem(file=file, line=line, message=sentence, hint=hint, code=_CODE)
    return Problem(
        file=file,
        line=line,
        code=_CODE,
        message=f"This is not valid TOML: {shorten(cause.rstrip('.'))}.",
        hint="Put text in quotes, set each key once, and close every bracket and quote.",
    )


def _explain_value(text: str, line: int, file: str, expect: Expect | None) -> Problem:
    source = text.split("\n")[line - 1]
    assignment = re.fullmatch(_ASSIGNMENT, source)
    written = assignment[1].partition("#")[0].strip() if assignment else None
    path = _only_key_on(text, line)
    name = format_key(path[-2:] if path and isinstance(path[-1], int) else path[-1:])
    expected = expect(path) if path and expect else None
    message, hint = f"The value of {name} is not valid TOML." if path else "A value on this line is not valid TOML.", ""
    if written and written[0] in _CURLY_QUOTES:
        message, hint = "TOML needs straight quotes; these are typographic.", 'Write " before and after the text.'
    elif written and written[0] in "\"'":
        message, hint = f"There is text after the value{f' of {name}' if path else ''}.", "Write one key per line."
    elif path and written == "":
        message, hint = f"{name} has no value.", expected.hint(path) if expected else ""
    elif path and expected:
        message, hint = f"{name} must be {expected.description}.", expected.hint(path, written or "")
    return Problem(
        file=file,
        line=line,
        key=format_key(path),
        code=_CODE,
        message=message,
        hint=hint or "Put text in quotes, and write true and false in small letters.",
    )


def _only_key_on(text: str, line: int) -> KeyPath:
    """The key whose value is on a line; empty if the line has several keys, or none."""
    paths = [path for path, number in line_numbers(text).items() if number == line]
    outer = {path[:length] for path in paths for length in range(1, len(path))}
    innermost = [path for path in paths if path not in outer]
    return innermost[0] if len(innermost) == 1 else ()


def _name_on(text: str, line: int) -> str:
    """The key or the table header of a line, after a space; empty if the line is neither."""
    source = text.split("\n")[line - 1].strip()
    name = source.partition("=")[0].strip() if re.fullmatch(_ASSIGNMENT, source) else source
    return f" {shorten(name)}" if re.fullmatch(_ASSIGNMENT, source) or source.startswith("[") else ""
