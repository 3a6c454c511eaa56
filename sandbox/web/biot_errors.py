"""Errors with BioT's codes, and BioT's body for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT = "local"
"""``environment`` in every error body, so that readers of a log see at once that no real BioT answered."""


class ApiError(Exception):
    """The error response to a request that the platform would refuse too.

    Args:
        status: The HTTP status.
        code: The platform's error code, such as ``PLUGIN_NOT_FOUND`` (BioT OpenAPI specification 2.4.2).
        message: The problem, for people. Never contains a secret.
        details: The values that the specification defines for this code.
    """

    def __init__(self, status: int, code: str, message: str, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details: Mapping[str, object] = details or {}


def error_body(error: ApiError, trace_id: str, service: str) -> dict[str, object]:
    """Return BioT's ``ErrorResponse``; ``service`` is the first part of the path: settings, ums or dispatcher."""
    return {
        "code": error.code,
        "message": error.message,
        "serviceName": service,
        "traceId": trace_id,
        "environment": ENVIRONMENT,
        "details": dict(error.details),
    }


def bad_request(message: str, code: str = "BAD_REQUEST", details: Mapping[str, object] | None = None) -> ApiError:
    """Return a 400: the request does not follow the specification."""
    return ApiError(400, code, message, details)


def login_failed(message: str = "The credentials are not valid.") -> ApiError:
    """Return the 403 of a failed log-in. It is the same for every reason, so that it reveals nothing about accounts."""
    return ApiError(403, "LOGIN_FAILED", message)
