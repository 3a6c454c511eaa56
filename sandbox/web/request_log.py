"""One line per request, for whoever watches the terminal. Queries, headers and bodies stay out: they hold secrets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RequestLog:
    """Tells of every request when it has been answered.

    Args:
        app: What answers.
        log: Gets the lines.
    """

    def __init__(self, app: ASGIApp, log: Callable[[str], None]) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on and tell of it."""
        status, began = 0, time.monotonic()

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            milliseconds = (time.monotonic() - began) * 1000
            # As it was sent, still percent-encoded: no control character reaches the terminal.
            path = scope["raw_path"].decode("latin-1")
            self._log(f"{scope['method']} {path} {status or 'no answer'} {milliseconds:.0f} ms")
