"""The HTTP headers of an event."""

from typing import Any


def get_headers(event: dict[str, Any]) -> dict[str, str]:
    """Return the headers with their names in lower case: HTTP lets a caller write them in any case."""
    headers = event.get("headers")
    if not isinstance(headers, dict):
        return {}
    return {name.lower(): value for name, value in headers.items() if isinstance(value, str)}
