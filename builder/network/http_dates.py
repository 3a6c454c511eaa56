"""Times in the headers of HTTP responses."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def response_time(headers: Mapping[str, str]) -> float | None:
    """The ``Date`` header in seconds since 1970 (UTC); None when it is missing or unreadable."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def requested_seconds(headers: Mapping[str, str]) -> float | None:
    """The seconds that ``Retry-After`` asks to wait; None when it is missing or unreadable."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    now = response_time(headers)
    return None if now is None else max(0.0, moment - now)
