"""plugin.toml as tokens: enough to refuse what would keep a TOML parser busy, and to find the line of a key.

``tomllib`` needs 42 s for one dotted key of 100 KB and recurses into every bracket. Both are counted
here first, in one linear pass that agrees with TOML on where strings and comments end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPTH_MAX = 32
KEY_PARTS_MAX = 16
KEYS_MAX = 5_000
"""Keys and list entries together."""

_SYNTAX = r"""(?xs)
      (?P<space>[ \t\r]+)
    | (?P<newline>\n)
    | (?P<comment>\#[^\n]*)
    | (?P<string>\"{3}(?:[^"\\]|\\.|"(?!""))*\"{3,5} | '{3}(?:[^']|'(?!''))*'{3,5}
               | "(?!"")(?:[^"\\\n]|\\.)*" | '(?!'')[^'\n]*')
    | (?P<unclosed>["'])
    | (?P<mark>[\[\]{}=,.])
    | (?P<bare>[^\s\[\]{}=,.\#"']+)
    | (?P<other>.)
    """


class Token(NamedTuple):
    """One piece of the text: ``kind`` is a group of the expression above; ``line`` counts from 1."""

    kind: str
    text: str
    line: int


def tokens(text: str) -> Iterator[Token]:
    """Split a TOML text into tokens, without spaces and comments, up to the first unclosed string.

    TOML has no meaning after an unclosed string, and going on would make the pass quadratic.
    """
    line = 1
    for match in re.finditer(_SYNTAX, text):
        kind = match.lastgroup or "other"
        if kind == "unclosed":
            return
        if kind not in {"space", "comment"}:
            yield Token(kind, match[0], line)
        if kind in {"newline", "string"}:
            line += match[0].count("\n")


def find_excess(text: str) -> Token | None:
    """The first token at which the text exceeds a limit of this module.

    Returns:
        A token of kind ``depth``, ``parts`` or ``keys``; None if the text is within all limits.
    """
    if _is_small(text):
        return None
    depth = dots = keys = 0
    for token in tokens(text):
        if token.text in {"[", "{"}:
            depth += 1
        elif token.text in {"]", "}"}:
            depth = max(0, depth - 1)
        keys += token.text in {"=", ","}
        dots = dots + (token.text == ".") if token.text == "." or token.kind in {"bare", "string"} else 0
        if depth > DEPTH_MAX:
            return token._replace(kind="depth")
        if dots >= KEY_PARTS_MAX:
            return token._replace(kind="parts")
        if keys > KEYS_MAX:
            return token._replace(kind="keys")
    return None


def _is_small(text: str) -> bool:
    """Whether a text has too few marks to exceed a limit, even those in comments and strings: true for most files."""
    return (
        text.count("[") + text.count("{") <= DEPTH_MAX
        and text.count("=") + text.count(",") <= KEYS_MAX
        and all(line.count(".") < KEY_PARTS_MAX for line in text.split("\n"))
        and not any(joined in text for joined in ('"""', "'''", "\\\n"))  # strings that go on in the next line
    )
