"""Call the endpoints of this local BioT itself without a connection: its plugins, in most cases.

On BioT a hook is an HTTP request. Here client and server are the same process, and two thirds of the time of a call
went into writing and reading HTTP. The request is the same one, and it passes the same layers.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from sandbox.hooks.asgi_exchange import AppRunner
from sandbox.hooks.rules.api_messages import BiotRequest, query_of
from sandbox.hooks.rules.hook_answers import EndpointAnswer
from sandbox.hooks.rules.undocumented_hooks import ANSWER_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Scope

    from sandbox.hooks.asgi_exchange import RanApi
    from sandbox.hooks.hook_requests import HookRequest


class OwnEndpoints:
    """Sends requests to an application. Belongs to one event loop.

    Args:
        address: The address of the application, such as ``http://127.0.0.1:8788``.
        app: The application.
        number_of_faults: Called for each request: how many faults are on. As long as there are any, every request needs
            a connection, because that is where it can meet one.
    """

    def __init__(self, address: str, app: ASGIApp, number_of_faults: Callable[[], int] = lambda: 0) -> None:
        parts = urlsplit(address)
        self._netloc = parts.netloc
        self._app = app
        self._number_of_faults = number_of_faults
        self._scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": "http",
            "server": (parts.hostname, parts.port),
            "client": (parts.hostname, 0),
            "root_path": "",
            "path": "",
            "query_string": b"",
        }
        self._running: set[asyncio.Task[RanApi]] = set()

    def takes(self, url: str) -> bool:
        """Return whether a request for an endpoint needs no connection."""
        return urlsplit(url).netloc == self._netloc and not self._number_of_faults()

    async def post(self, url: str, headers: Mapping[str, str], request: HookRequest) -> EndpointAnswer | None:
        """Send one request and return the answer; None when it is too large.

        Whoever stops waiting does not stop the work, as over HTTP.
        """
        parts = urlsplit(url)
        sent = BiotRequest(
            method="POST",
            path=unquote(parts.path) or "/",
            query=query_of(parts.query),
            headers={"host": parts.netloc, **headers},
            body=request.body,
        )
        running = asyncio.get_running_loop().create_task(AppRunner(self._app, self._scope).run(sent))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        response = (await asyncio.shield(running)).response
        if len(response.body) > ANSWER_MAX:
            return None
        return EndpointAnswer(status=response.status, headers=dict(response.headers), body=response.body)
