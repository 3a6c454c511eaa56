"""``POST /sandbox/v1/watched-files``: which plugin.toml a plugin comes from. For ``dev``; not part of BioT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.trigger.routes import PERMISSION
from sandbox.web.authorization import require_permission
from sandbox.web.request_body import json_body, optional_text_of, text_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from sandbox.plugin_files.watched_files import WatchedFiles


def routes() -> list[Route]:
    """Return the route."""
    return [Route("/sandbox/v1/watched-files", watch_file, methods=["POST"])]


async def watch_file(request: Request) -> Response:
    """Remember the ``file`` of the plugin ``pluginName``, or forget it when there is no ``file``."""
    await run_in_threadpool(require_permission, request, PERMISSION)
    body = await json_body(request)
    plugin, file = text_of(body, "pluginName"), optional_text_of(body, "file")
    watched: WatchedFiles = request.app.state.watched_files
    if file:
        watched.watch(plugin, file)
    else:
        watched.forget(plugin)
    return JSONResponse({"pluginName": plugin, "file": file})
