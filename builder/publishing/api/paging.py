"""All pages of a search, with limits for a server whose pages never end."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Final

from builder.publishing.failures import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from builder.publishing.api_values import SearchPage

PAGE_SIZE: Final = 100
"""Rows per page: BioT's default."""
ROWS_MAX: Final = 100_000
BYTES_MAX: Final = 64 * 1024**2
SECONDS_MAX: Final = 120.0
_HINT: Final = "Ask BioT's support: the search of this environment does not work as documented."


def all_pages(read: Callable[[int], SearchPage], what: str) -> tuple[Mapping[str, object], ...]:
    """The rows of every page.

    Args:
        read: Reads one page, counted from 0; raises as every query.
        what: The rows, as part of a sentence.

    Raises:
        NoAnswer: Pages repeat or do not end.
    """
    rows: list[Mapping[str, object]] = []
    seen: set[bytes] = set()
    size, deadline = 0, time.monotonic() + SECONDS_MAX
    for page in range(ROWS_MAX // PAGE_SIZE):
        result = read(page)
        rows += result.rows
        if not result.rows or len(rows) >= result.total:
            return tuple(rows)
        text = json.dumps(result.rows, sort_keys=True).encode()
        size, digest = size + len(text), hashlib.sha256(text).digest()
        if digest in seen:
            raise _endless(what, f"page {page} is the same as an earlier one")
        seen.add(digest)
        if time.monotonic() > deadline:
            raise _endless(what, f"{page + 1} pages took more than {SECONDS_MAX:.0f} seconds")
        if len(rows) >= ROWS_MAX or size > BYTES_MAX:
            break
    raise _endless(what, f"it has more than {ROWS_MAX:,} rows or {BYTES_MAX // 1024**2} MB")


def _endless(what: str, reason: str) -> NoAnswer:
    return NoAnswer(f"BioT's list of {what} could not be read completely: {reason}.", hint=_HINT)
