"""Log lines as BioT's log search expects them: one JSON object in one line, with the trace id of this call."""

import json
import logging
import re
import sys
from datetime import UTC, datetime

from plugin.settings import Settings

# BioT's names and values of the levels.
LEVELS = {
    "DEBUG": ("DEBUG", 10000),
    "INFO": ("INFO", 30000),
    "WARNING": ("WARN", 40000),
    "ERROR": ("ERROR", 50000),
    "CRITICAL": ("ERROR", 50000),
}
# Everything that looks like a token is removed, in case one gets into a message.
TOKEN = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")


class JsonFormatter(logging.Formatter):
    """Formats a log record as one line of JSON."""

    def __init__(self, app_name: str, trace_id: str) -> None:
        """Set what is the same in every line of this call."""
        super().__init__()
        self.app_name = app_name
        self.trace_id = trace_id

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        level, level_value = LEVELS.get(record.levelname, (record.levelname, record.levelno * 1000))
        time = datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds")
        line = {
            "@timestamp": time.replace("+00:00", "Z"),
            "message": without_tokens(record.getMessage()),
            "level": level,
            "level_value": level_value,
            "appName": self.app_name,
            "traceId": self.trace_id,
        }
        if record.exc_info:
            line["stack"] = without_tokens(self.formatException(record.exc_info))
        return json.dumps(line)


def without_tokens(text: str) -> str:
    """Replace everything that looks like a token."""
    return TOKEN.sub("<token>", text)


def configure_logger(settings: Settings, trace_id: str) -> logging.Logger:
    """Return the plugin's logger, set up for this call.

    A Lambda process serves many calls, so this replaces the set-up of the previous call. Libraries log through the same
    handler, from level WARNING on.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(settings.app_name, trace_id))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    log = logging.getLogger("plugin")
    log.setLevel(settings.log_level)
    return log
