"""Settings that hints suggest, as TOML to paste into plugin.toml."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BARE_KEY = r"[A-Za-z0-9_-]+"
_ESCAPES = {'"': r"\"", "\\": r"\\"}


def snippet(table: str, key: str, value: str | bool | Sequence[str]) -> str:
    """Two lines: the header of a table, and one key with its value.

    If plugin.toml already has the table, people paste only the second line below that header. No form
    fits both kinds of files: a dotted key at the top works only if the table has no header.

    Args:
        table: Such as ``build.allow-secrets``.
        key: Any text; quoted if TOML needs that.
        value: The value of the key.
    """
    name = key if re.fullmatch(_BARE_KEY, key) else _quoted(key)
    return f"[{table}]\n{name} = {_value(value)}"


def _value(value: str | bool | Sequence[str]) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _quoted(value) if isinstance(value, str) else f"[{', '.join(map(_quoted, value))}]"


def _quoted(text: str) -> str:
    """A basic string; characters that are not printable become escapes."""
    return (
        '"'
        + "".join(
            _ESCAPES.get(letter) or (letter if letter.isprintable() else f"\\U{ord(letter):08x}") for letter in text
        )
        + '"'
    )
