"""The routes of the console: everything below ``/console``, for browsers that opened the printed address."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.console import activity_pages, plugin_pages
from sandbox.console.chain_pages import chain_routes, fixture_pages
from sandbox.console.console_access import KEY_PARAMETER, PATH
from sandbox.console.console_assets import ASSETS, VERSION_PARAMETER, asset_content
from sandbox.console.local_pages import cron_pages, data_pages, fault_pages, file_pages, history_pages, limits_pages
from sandbox.console.page_rendering import SECURITY_HEADERS, render
from sandbox.console.playground import playground_pages
from sandbox.instance_state import state_of
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from sandbox.console.console_access import ConsoleAccess

_KEPT = "private, max-age=31536000, immutable"
_SEE_OTHER, _FORBIDDEN, _NOT_MODIFIED = 303, 403, 304


def create_console(app: Starlette) -> ASGIApp:
    """Create the console of the local BioT, whose state the pages read."""
    console = Starlette(
        routes=[
            Route("/assets/{name}", asset, methods=["GET"]),
            *plugin_pages.routes(),
            *activity_pages.routes(),
            *chain_routes.routes(),
            *fixture_pages.routes(),
            *playground_pages.routes(),
            *cron_pages.routes(),
            *file_pages.routes(),
            *limits_pages.routes(),
            *history_pages.routes(),
            *data_pages.routes(),
            *fault_pages.routes(),
        ],
        exception_handlers={ApiError: _error_page},
    )
    console.router.redirect_slashes = False
    console.state = app.state
    return _Door(console)


class _Door:
    """Exchanges the key of the printed address for a cookie, and lets nobody else in.

    Args:
        console: The pages.
    """

    def __init__(self, console: Starlette) -> None:
        self._console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request below ``/console``."""
        scope = {**scope, "app": self._console}
        request = Request(scope, receive)
        app: ASGIApp = self._console
        access: ConsoleAccess = self._console.state.console
        path = scope["path"].removeprefix(PATH).strip("/")
        if not path:
            app = _enter(request, access)
        elif not path.startswith("assets/"):
            try:
                access.require_browser(request, cookie_name(request))
            except ApiError as error:
                app = _error_page(request, error)
        await app(scope, receive, send)


def cookie_name(request: Request) -> str:
    """The name of the cookie: cookies do not know ports, and two local BioTs must not log each other out."""
    return f"localBioT{urlsplit(state_of(request).settings.base_url).port}"


def _enter(request: Request, access: ConsoleAccess) -> Response:
    session = access.session_for(request.query_params.get(KEY_PARAMETER, ""))
    if session is not None:
        response = RedirectResponse(f"{PATH}/plugins", _SEE_OTHER, headers=SECURITY_HEADERS)
        response.set_cookie(cookie_name(request), session, path=PATH, httponly=True, samesite="strict")
        return response
    try:
        access.require_browser(request, cookie_name(request))
    except ApiError as error:
        return _error_page(request, error)
    return RedirectResponse(f"{PATH}/plugins", _SEE_OTHER, headers=SECURITY_HEADERS)


def _error_page(request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return render(request, "error.html", status=error.status, error=error, allowed=error.status != _FORBIDDEN)


def asset(request: Request) -> Response:
    """A stylesheet or a script. With its version in the address, a browser keeps it; otherwise it asks again."""
    name = request.path_params["name"]
    if name not in ASSETS:
        raise ApiError(404, "NOT_FOUND", "There is no such file.")
    content, version = asset_content(name)
    is_kept = request.query_params.get(VERSION_PARAMETER) == version
    tag = f'"{version}"'
    headers = {**SECURITY_HEADERS, "etag": tag, "cache-control": _KEPT if is_kept else "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=_NOT_MODIFIED, headers=headers)
    return Response(content, media_type=ASSETS[name], headers=headers)
