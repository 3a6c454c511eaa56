"""Settings that hints suggest, as lines of TOML to paste into plugin.toml."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BARE_KEY = r"[A-Za-z0-9_-]+"
_ESCAPES = {'"': r"\"", "\\": r"\\"}


def snippet(table: str, key: str, value: str | bool | Sequence[str]) -> str:
    """Two lines: the table's header and one pair.

    In a plugin.toml that has the table already, only the second line is pasted, below that header. No form fits both
    kinds of files: a dotted key at the top works only where the table has no header.

    Args:
        table: Such as ``build.allow-secrets``.
        key: Any text; quoted where TOML wants it.
        value: What it is set to.
    """
    name = key if re.fullmatch(_BARE_KEY, key) else _quoted(key)
    return f"[{table}]\n{name} = {_value(value)}"


def _value(value: str | bool | Sequence[str]) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _quoted(value) if isinstance(value, str) else f"[{', '.join(map(_quoted, value))}]"


def _quoted(text: str) -> str:
    """A basic string; what is not shown as itself becomes an escape."""
    return (
        '"' + "".join(_ESCAPES.get(one) or (one if one.isprintable() else f"\\U{ord(one):08x}") for one in text) + '"'
    )
