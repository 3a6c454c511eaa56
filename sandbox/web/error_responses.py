"""Refusals as responses: BioT's error body with the right status."""

from __future__ import annotations

import re
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


def error_response(error: ApiError, scope: Scope) -> JSONResponse:
    """A refusal of a route, or of the guard before it."""
    service = scope["path"].strip("/").partition("/")[0]
    return JSONResponse(error_body(error, _trace_id(scope), service), status_code=error.status)


def routing_error_response(error: HTTPException, scope: Scope, routes: Sequence[BaseRoute]) -> JSONResponse:
    """What the router refuses: no such path, or not with this method.

    Args:
        error: The router's. Its ``Allow`` names the methods of one route only; there is one route for each method.
        scope: Of the request.
        routes: All routes.
    """
    code = _ROUTING_CODES.get(error.status_code, "BAD_REQUEST")
    answer = error_response(ApiError(error.status_code, code, error.detail), scope)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["allow"] = ", ".join(sorted(_methods_of(scope["path"], routes)))
    return answer


def _methods_of(path: str, routes: Sequence[BaseRoute]) -> set[str]:
    here = [route for route in routes if isinstance(route, Route) and route.path_regex.match(path)]
    return {method for route in here for method in route.methods or ()}


def _trace_id(scope: Scope) -> str:
    """The caller's own trace (W3C ``traceparent``), so that one line can be followed through; else a new one."""
    for name, value in scope["headers"]:
        if name == b"traceparent" and (found := _TRACEPARENT.fullmatch(value)):
            return found[1].decode()
    return uuid4().hex
