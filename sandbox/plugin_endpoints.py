"""The endpoints of plugins. The local BioT does not run plugins, so every ``endpointUrl`` answers 503."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn
from urllib.parse import quote

from starlette.routing import Route

from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
"""The methods that a Lambda function URL accepts."""


def endpoint_url(base_url: str, plugin: str) -> str:
    """Return the address of a plugin's endpoint."""
    return f"{base_url}/run/{quote(plugin, safe='')}/"


def routes() -> list[Route]:
    """Everything below ``/run``."""
    return [
        Route("/run/{plugin}", not_running, methods=METHODS),
        Route("/run/{plugin}/{rest:path}", not_running, methods=METHODS),
    ]


async def not_running(request: Request) -> NoReturn:
    """Answer 503, because the plugin is not running."""
    plugin = request.path_params["plugin"]
    message = "The plugin is not running: a local BioT stores plugins but does not run them."
    raise ApiError(503, "PLUGIN_NOT_RUNNING", message, {"pluginName": plugin})
