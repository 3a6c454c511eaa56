"""The response to a call that failed."""

import logging
from typing import Any

from plugin.errors import ConfigurationError, PluginError
from plugin.get_trace_id import get_trace_id
from plugin.response import http_response
from plugin.settings import Settings

SERVER_ERROR = 500


def create_error_response(
    error: Exception, settings: Settings, traceparent: str, log: logging.Logger
) -> dict[str, Any]:
    """Log the error and return it as BioT documents errors.

    Only the text of a ``PluginError`` reaches the caller. For every other error the caller gets the trace id, and the
    log has the details under that id.
    """
    shown = to_plugin_error(error)
    if shown.status >= SERVER_ERROR:
        log.error("The call failed: %s", error, exc_info=error)
    else:
        log.warning("The call was refused: %s", shown)
    try:
        return error_response(shown, settings, traceparent)
    except (TypeError, ValueError) as unsendable:
        log.exception("The details of %s are not JSON", shown, exc_info=unsendable)
        return error_response(to_plugin_error(unsendable), settings, traceparent)


def to_plugin_error(error: Exception) -> PluginError:
    """Return what the caller may know about an error."""
    if isinstance(error, PluginError):
        return error
    if isinstance(error, ConfigurationError):
        return PluginError(SERVER_ERROR, "CONFIGURATION_MISSING", "The plugin is not configured completely.")
    return PluginError(SERVER_ERROR, "INTERNAL_SERVER_ERROR", "The plugin failed. Its log has the reason.")


def error_response(error: PluginError, settings: Settings, traceparent: str) -> dict[str, Any]:
    """Return a response with the body that BioT documents for errors."""
    body = {
        "code": error.code,
        "message": error.message,
        "serviceName": settings.app_name,
        "traceId": get_trace_id(traceparent),
        "environment": settings.environment,
        "details": error.details,
    }
    return http_response(error.status, traceparent, body)
