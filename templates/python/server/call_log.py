"""The log of a server: the same JSON lines as on Lambda, although calls run side by side here.

On Lambda a process answers one call at a time, so ``configure_logger`` may set the trace id for the whole process. Here
each thread has its own call. The formatter below is put in the place of Lambda's and keeps the trace id of every call
apart.
"""

import logging
from contextvars import ContextVar

from plugin import configure_logger
from plugin.configure_logger import JsonFormatter
from server.event import Response

_TRACE_ID: ContextVar[str] = ContextVar("trace id", default="0" * 32)


class CallFormatter(JsonFormatter):
    """Formats a log record with the trace id of the call that wrote it."""

    def __init__(self, app_name: str, trace_id: str) -> None:
        """Set the trace id of the call that runs in this context."""
        super().__init__(app_name, "")
        _TRACE_ID.set(trace_id)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = JsonFormatter(self.app_name, _TRACE_ID.get())
        return line.format(record)


def keep_calls_apart() -> None:
    """Let ``configure_logger`` use the formatter above. Call it once, before the first call."""
    vars(configure_logger)["JsonFormatter"] = CallFormatter


def start_call(traceparent: str) -> None:
    """Use the trace id of this ``traceparent`` for what is logged from here on."""
    _TRACE_ID.set(traceparent.split("-")[1])


def log_response(response: Response, method: str, seconds: float) -> None:
    """Write one line for each response: no path, no query and no headers, because they may name a patient."""
    start_call(dict(response.headers)["traceparent"])
    logging.getLogger("plugin").info("%s was answered with %d in %.0f ms", method, response.status, seconds * 1000)
