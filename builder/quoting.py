"""Quote text that somebody else wrote, for terminals, CI logs and evidence.

A display name, a server's error message or a package's metadata can contain characters that end a
line, move the cursor, reverse the order of letters or are invisible, and commands for a CI runner.
Everything that the kit prints or writes for people goes through :func:`printable`, so that such
text has no effect.
"""

from __future__ import annotations

import re

# Unicode 16.0: general categories Cc, Cs, Zl and Zp, and the properties Bidi_Control and Default_Ignorable_Code_Point
# (UCD, DerivedCoreProperties.txt). They are listed here because Python's own tables differ from release to release, and
# quoted text is part of evidence that must be the same everywhere.
_UNSAFE = (
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Runners obey `::command` at the start of a line (GitHub) and `##[command]`, `##vso[…]`, `##teamcity[…]` anywhere in it
# (GitHub, Azure Pipelines, TeamCity).
_ANYWHERE = r"(?<=#)#(?=[A-Za-z]*\[)"
_AT_START = r"^[^\S\n]*:(?=:)"
# ``re`` compiles these at their first use, which few commands reach.
_ONE_LINE = rf"[{_UNSAFE}]|{_ANYWHERE}|{_AT_START}"
_IN_LINES = rf"[{_UNSAFE}]|{_ANYWHERE}|{_AT_START}".replace(r"\x00-\x1f", r"\x00-\x08\x0b\x0d-\x1f")
_IN_JSON = rf"[{_UNSAFE}]|{_ANYWHERE}".replace(r"\x00-\x1f", r"\x00-\x09\x0b-\x1f")


def printable(text: str, limit: int = 0) -> str:
    r"""The text on one line, with every unsafe character as an escape such as ``\x1b``.

    Quoting twice changes nothing.

    Args:
        text: Any text that the kit did not write itself.
        limit: The maximum length; a longer text ends in ``…``. 0 means no limit.
    """
    quoted = text if _is_plain(text) else re.sub(_ONE_LINE, _escape, text[: limit * 2] if limit else text)
    return quoted if not limit or len(quoted) <= limit else f"{quoted[: limit - 1]}…"


def printable_lines(text: str) -> str:
    r"""Several lines, such as a licence, quoted like :func:`printable`; line feeds, tabs and form feeds stay."""
    lines = text.replace("\r\n", "\n").removeprefix("\ufeff").split("\n")
    return "\n".join(line if _is_plain(line) else re.sub(_IN_LINES, _escape, line) for line in lines)


def printable_html(text: str) -> str:
    """The text as HTML, quoted like :func:`printable` and escaped."""
    from html import escape

    return escape(printable(text))


def printable_json(document: str) -> str:
    r"""The same JSON document, with the unsafe characters in its strings as ``\uXXXX``."""
    if document.isascii() and "\x7f" not in document and "##" not in document:
        return document  # json has escaped the other control characters; large evidence files end here
    return re.sub(_IN_JSON, _escape_for_json, document)


def _is_plain(text: str) -> bool:
    """Whether nothing in a line can need an escape: most lines, and this is ten times as fast as the expressions."""
    return text.isascii() and text.isprintable() and "##" not in text and "::" not in text


def _escape(match: re.Match[str]) -> str:
    before, character = match[0][:-1], match[0][-1]
    if character in "#:":
        return f"{before}\\x{ord(character):02x}"
    return character.encode("unicode_escape").decode("ascii")


def _escape_for_json(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
