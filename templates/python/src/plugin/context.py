"""What ``perform`` gets in addition to its data."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from plugin.biot import Biot
from plugin.hook_data import Metadata

LOCAL_CALL_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything about this one call.

    Attributes:
        hook: The hook that was called, for example ``interceptor_pre``.
        trigger: Who called: ``biot``, ``http`` (a direct call to the plugin's URL) or ``cron``.
        metadata: What came with the data. Notification: BioT's metadata. Interceptors: the other keys of the body, such
            as ``method``, ``entityName`` and ``initiatorData``. Direct call: ``method``, ``path``, ``queryParameters``,
            ``headers``. Cron: nothing.
        trace_id: The id under which BioT and this plugin log the call.
        traceparent: The W3C header that contains the trace id.
        claims: The content of the verified token; empty when there was none (cron, open direct calls).
        biot: Calls BioT's API as the plugin's service user. It logs in on the first call.
        log: Writes JSON lines with the trace id. Never log tokens, headers or the data of patients.
        remaining_seconds: Returns how many seconds Lambda still gives this call.
    """

    hook: str
    trigger: str
    metadata: Metadata
    trace_id: str
    traceparent: str
    claims: dict[str, Any]
    biot: Biot
    log: logging.Logger
    remaining_seconds: Callable[[], float]


def remaining_time(lambda_context: object) -> Callable[[], float]:
    """Return a function that says how many seconds Lambda still gives this call.

    Outside of Lambda (in tests, or in a local run without a context) a call has 60 seconds.
    """
    in_milliseconds = getattr(lambda_context, "get_remaining_time_in_millis", None)
    if in_milliseconds is not None:
        return lambda: float(in_milliseconds()) / 1000
    end = time.monotonic() + LOCAL_CALL_SECONDS
    return lambda: end - time.monotonic()
