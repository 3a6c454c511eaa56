"""The trace id connects all log lines of one call, in BioT and in every service and plugin that it passes through."""

import os
import re

from plugin.headers import get_headers

# W3C Trace Context: version, trace id, span id, flags. Version ff and ids of zeros only are invalid.
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def get_traceparent(event: object) -> str:
    """Return the event's ``traceparent`` header, or a new one when it is missing or malformed."""
    received = get_headers(event).get("traceparent", "") if isinstance(event, dict) else ""
    if _TRACEPARENT.fullmatch(received):
        return received
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-00"


def get_trace_id(traceparent: str) -> str:
    """Return the trace id, the second part of a valid ``traceparent``."""
    return traceparent.split("-")[1]
