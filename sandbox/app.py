"""The local BioT as one ASGI application: guard, routes, refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from sandbox import openapi, plugin_endpoints
from sandbox.dispatcher import routes as dispatcher
from sandbox.settings import routes as settings
from sandbox.ums import routes as ums
from sandbox.web.biot_errors import ApiError
from sandbox.web.error_responses import error_response, routing_error_response
from sandbox.web.guard import Guard

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from sandbox.instance_state import InstanceState


def create_app(state: InstanceState) -> ASGIApp:
    """Everything that the local BioT answers.

    Args:
        state: Found by routes as ``request.app.state.sandbox``.
    """
    app = Starlette(
        routes=[*ums.routes(), *settings.routes(), *dispatcher.routes(), *plugin_endpoints.routes(), *openapi.routes()],
        exception_handlers={
            ApiError: _refused,
            HTTPException: _not_routed,
            ClientDisconnect: _abandoned,
            Exception: _failed,
        },
    )
    app.router.redirect_slashes = False
    app.state.sandbox = state
    return Guard(app, state.settings.base_url)


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return error_response(error, request.scope)


async def _not_routed(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return routing_error_response(error, request.scope, request.app.routes)


class _NoAnswer(Response):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""


async def _abandoned(_request: Request, _error: Exception) -> Response:
    """The client closed the connection in the middle of its request: nobody reads an answer, and nothing is wrong."""
    return _NoAnswer()


async def _failed(request: Request, _error: Exception) -> Response:
    """A bug of the local BioT: the caller gets BioT's 500, the terminal gets the traceback from the server."""
    return error_response(
        ApiError(500, "INTERNAL_SERVER_ERROR", "The local BioT failed; its terminal says why."), request.scope
    )
