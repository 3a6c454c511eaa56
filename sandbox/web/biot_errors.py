"""Refusals in BioT's own words, and the body in which the platform tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT = "local"
"""``environment`` of every error body: a reader of a log sees at once that no real BioT answered."""


class ApiError(Exception):
    """A request that the local BioT refuses, as the platform would.

    Args:
        status: The HTTP status.
        code: The platform's error code, such as ``PLUGIN_NOT_FOUND`` (BioT OpenAPI specification 2.4.2).
        message: What is wrong, for people. Never holds a secret.
        details: The values that the specification lists for this code.
    """

    def __init__(self, status: int, code: str, message: str, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details: Mapping[str, object] = details or {}


def error_body(error: ApiError, trace_id: str, service: str) -> dict[str, object]:
    """BioT's ``ErrorResponse``; ``service`` is the first part of the path: settings, ums or dispatcher."""
    return {
        "code": error.code,
        "message": error.message,
        "serviceName": service,
        "traceId": trace_id,
        "environment": ENVIRONMENT,
        "details": dict(error.details),
    }


def bad_request(message: str, code: str = "BAD_REQUEST", details: Mapping[str, object] | None = None) -> ApiError:
    """A 400: the request is not what the specification asks for."""
    return ApiError(400, code, message, details)


def login_failed(message: str = "The credentials are not valid.") -> ApiError:
    """The 403 of every log-in that fails, whatever the reason: a stranger learns nothing about accounts."""
    return ApiError(403, "LOGIN_FAILED", message)
