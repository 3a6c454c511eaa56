"""Refusals as responses: BioT's error body with the right status."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.responses import JSONResponse

from sandbox.errors import ApiError, error_body

if TYPE_CHECKING:
    from starlette.exceptions import HTTPException
    from starlette.types import Scope

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_ROUTING_CODES = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}


def refusal(error: ApiError, scope: Scope) -> JSONResponse:
    """A refusal of a route, or of the guard before it."""
    service = scope["path"].strip("/").partition("/")[0]
    return JSONResponse(error_body(error, _trace_id(scope), service), status_code=error.status)


def routing_refusal(error: HTTPException, scope: Scope) -> JSONResponse:
    """What the router refuses: no such path, or not with this method."""
    code = _ROUTING_CODES.get(error.status_code, "BAD_REQUEST")
    answer = refusal(ApiError(error.status_code, code, error.detail), scope)
    answer.headers.update(error.headers or {})
    return answer


def _trace_id(scope: Scope) -> str:
    """The caller's own trace (W3C ``traceparent``), so that one line can be followed through; else a new one."""
    for name, value in scope["headers"]:
        if name == b"traceparent" and (found := _TRACEPARENT.fullmatch(value)):
            return found[1].decode()
    return uuid4().hex
