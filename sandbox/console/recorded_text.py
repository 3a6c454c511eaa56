"""Recorded values as text: as they were written, and as indented JSON. No I/O."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from msgspec import json as fast_json

from sandbox.hooks.rules.api_messages import json_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

VALUE_MAX = 2_000
"""Characters of one value in a difference; a longer one is cut."""


def exact_text(message: Mapping[str, Any]) -> str:
    """The body of a recorded message as it was written; only tokens are replaced."""
    body = message["body"]
    if "text" in message or body is None or isinstance(body, str):
        return str(message.get("text", body or ""))
    return json_bytes(body).decode("utf-8", "replace")


def beginning_of_text(message: Mapping[str, Any], limit: int) -> str:
    """The first ``limit`` characters of ``exact_text``, without writing the rest of a body of 1 MB."""
    body = message["body"]
    is_json = "text" not in message and isinstance(body, dict | list)
    text = _beginning_of_json(body, limit) if is_json else exact_text(message)
    return text if len(text) <= limit else f"{text[:limit]}…"


def shortened_json(value: object, limit: int = VALUE_MAX) -> str:
    """A value as indented JSON, cut after ``limit`` characters."""
    if isinstance(value, str) and len(value) > limit:
        return f"{json.dumps(value[:limit], ensure_ascii=False)[:-1]}… ({len(value):,} characters)"
    text = indented_json(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)"


def indented_json(value: object) -> str:
    """A value as indented JSON. msgspec is fifty times faster than ``json``, which indents in Python."""
    try:
        return fast_json.format(fast_json.encode(value), indent=2).decode()
    except (UnicodeEncodeError, OverflowError):  # half a surrogate pair, or a number of more than 64 bits
        return json.dumps(value, indent=2)


def _beginning_of_json(value: object, limit: int) -> str:
    """More than ``limit`` characters of a value as ``json_bytes`` writes it, or all of it."""
    pieces, length = [], 0
    for piece in json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).iterencode(value):
        pieces.append(piece)
        length += len(piece)
        if length > limit:
            break
    return "".join(pieces).encode("utf-8", "surrogatepass").decode("utf-8", "replace")
