"""The local BioT as one ASGI application: guard, routes and error responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Mount, Route

from sandbox import openapi
from sandbox.activity import routes as activity
from sandbox.console.console_access import PATH, ConsoleAccess
from sandbox.cron import schedule_routes
from sandbox.dispatcher import routes as dispatcher
from sandbox.endpoints import function_url_routes
from sandbox.entities import routes as entities
from sandbox.entities.templates import routes as templates
from sandbox.fault_control import routes as faults
from sandbox.hooks.hook_layer import HookLayer
from sandbox.hooks.running_hooks import Hooks
from sandbox.plugin_files import routes as plugin_files
from sandbox.plugin_files.watched_files import WatchedFiles
from sandbox.registry import routes as registry
from sandbox.registry.blob_files import BlobFiles
from sandbox.registry.unfinished_blobs import UnfinishedBlobs
from sandbox.replay import routes as replay
from sandbox.settings import routes as settings
from sandbox.trigger import routes as trigger
from sandbox.ums import routes as ums
from sandbox.web.biot_errors import ApiError
from sandbox.web.error_responses import error_response, internal_error, routing_error_response
from sandbox.web.guard import Guard

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from sandbox.background_work import BackgroundWork
    from sandbox.instance_state import InstanceState


def create_app(
    state: InstanceState, work: BackgroundWork | None = None, access: ConsoleAccess | None = None
) -> ASGIApp:
    """Create the application with all routes of the local BioT.

    Args:
        state: Routes read it from ``request.app.state.sandbox``.
        work: What goes on in the background; None calls hooks, and neither runs schedules nor records anything.
        access: Who may use the console; None for nobody.
    """
    app = Starlette(
        routes=[
            *function_url_routes.routes(),  # first: they are tried in order, and every call of a plugin takes this
            *ums.routes(),
            *settings.routes(),
            *dispatcher.routes(),
            *entities.routes(),
            *templates.routes(),
            *trigger.routes(),
            *activity.routes(),
            *schedule_routes.routes(),
            *replay.routes(),
            *faults.routes(),
            *plugin_files.routes(),
            *registry.routes(),
            *openapi.routes(),
        ],
        exception_handlers={
            ApiError: _handle_api_error,
            HTTPException: _handle_routing_error,
            ClientDisconnect: _handle_disconnect,
            Exception: _handle_internal_error,
        },
    )
    app.router.redirect_slashes = False
    app.state.sandbox = state
    app.state.work = work
    app.state.application = app
    app.state.watched_files = WatchedFiles()
    app.state.console = access or ConsoleAccess()
    console = _LazyConsole(app)
    app.router.routes += [Route(PATH, endpoint=console), Mount(PATH, app=console)]
    app.state.image_uploads = UnfinishedBlobs(BlobFiles.beside(state.database).uploads)
    return Guard(HookLayer(app, work.hooks if work else Hooks(state)), state.settings.base_url)


class _LazyConsole:
    """The console, which is loaded when a browser asks for it: the local BioT starts faster without its templates."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self._console: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request below ``/console``."""
        if self._console is None:
            from sandbox.console.console_routes import create_console

            self._console = create_console(self._app)
        await self._console(scope, receive, send)


async def _handle_api_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return error_response(error, request.scope)


async def _handle_routing_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return routing_error_response(error, request.scope, request.app.routes)


class _NoResponse(Response):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""


async def _handle_disconnect(_request: Request, _error: Exception) -> Response:
    """The client closed the connection during its request. This is not an error, and nobody reads a response."""
    return _NoResponse()


async def _handle_internal_error(request: Request, error: Exception) -> Response:
    """The local BioT has a bug or no disk: the caller gets BioT's 500, and the terminal shows the traceback."""
    return error_response(internal_error(error), request.scope)
