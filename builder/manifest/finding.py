"""One result of a check, before its file and line are known: a key path and two sentences."""

from __future__ import annotations

import re

from msgspec import Struct

from builder.errors import Severity
from builder.quoting import printable

KeyPath = tuple[str | int, ...]
"""Keys and list indexes, from the root of plugin.toml or from the table that a rule checks."""

_BARE_KEY = r"[A-Za-z0-9_-]+"
_LENGTH_MAX = 60


class Finding(Struct, frozen=True, kw_only=True):
    """One problem with one key.

    Attributes:
        path: The key.
        message: What is wrong, and what is allowed.
        hint: The next step.
        code: What ``biot-plugin explain`` finds it by; ``validation`` sets those of the rules.
        severity: A warning never stops the command.
    """

    path: KeyPath
    message: str
    hint: str = ""
    code: str = ""
    severity: Severity = Severity.ERROR


def format_key(path: KeyPath) -> str:
    """The path as people write it: ``plugin.subscriptions.interceptions[2].apiId``; unusual keys are in quotes."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if re.fullmatch(_BARE_KEY, part) else '"' + shorten(part) + '"'
            text += f".{name}" if text else name
    return text


def shorten(text: str) -> str:
    """The text on one line, short enough for a message; invisible characters become escapes."""
    visible = printable(text[:_LENGTH_MAX])
    return visible + "…" if len(text) > _LENGTH_MAX else visible
