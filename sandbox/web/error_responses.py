"""Error responses: BioT's error body with its status, and the registry's below ``/v2``."""

from __future__ import annotations

import errno
import re
import sqlite3
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.web.biot_errors import ApiError, error_body

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.exceptions import HTTPException
    from starlette.routing import BaseRoute
    from starlette.types import Scope

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_ROUTING_CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}
_REGISTRY = "v2"


def error_response(error: ApiError, scope: Scope) -> JSONResponse:
    """Return the response to an error of a route or of the guard."""
    service = scope["path"].strip("/").partition("/")[0]
    if service == _REGISTRY:
        return _registry_response(error)
    return JSONResponse(error_body(error, _trace_id(scope), service), status_code=error.status)


def _registry_response(error: ApiError) -> JSONResponse:
    """Return an error in the format of the OCI distribution specification 1.1, with ECR's challenge for a 401."""
    challenge = 'Basic realm="local-biot",service="ecr.amazonaws.com"'
    headers = {"www-authenticate": challenge} if error.status == HTTPStatus.UNAUTHORIZED else {}
    body = {"code": error.code, "message": error.message, "detail": dict(error.details)}
    headers["docker-distribution-api-version"] = "registry/2.0"
    return JSONResponse({"errors": [body]}, status_code=error.status, headers=headers)


def routing_error_response(error: HTTPException, scope: Scope, routes: Sequence[BaseRoute]) -> JSONResponse:
    """Return the response when the router finds no route for the path or the method.

    Args:
        error: The router's error. Its ``Allow`` header lists the methods of one route only, and here every method has
            a route of its own.
        scope: The request.
        routes: All routes.
    """
    code = _ROUTING_CODES.get(error.status_code, "BAD_REQUEST")
    response = error_response(ApiError(error.status_code, code, error.detail), scope)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["allow"] = ", ".join(sorted(_allowed_methods(scope["path"], routes)))
    return response


def internal_error(error: Exception) -> ApiError:
    """Return the error for an exception that no route expected: the disk is full, or the local BioT has a bug."""
    message = "The local BioT failed. Its terminal shows the reason."
    full_file = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    # Only errors of SQLite itself have a code, not those of Python's module.
    if full_file or getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        message = "The disk of the local BioT is full."
    return ApiError(500, "INTERNAL_SERVER_ERROR", message)


def _allowed_methods(path: str, routes: Sequence[BaseRoute]) -> set[str]:
    matching = [route for route in routes if isinstance(route, Route) and route.path_regex.match(path)]
    return {method for route in matching for method in route.methods or ()}


def _trace_id(scope: Scope) -> str:
    """Return the caller's trace id (W3C ``traceparent``), so that logs can be correlated, or a new one."""
    for name, value in scope["headers"]:
        if name == b"traceparent" and (match := _TRACEPARENT.fullmatch(value)):
            return match[1].decode()
    return uuid4().hex
