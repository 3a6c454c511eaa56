"""A log with one line per request. Queries, headers and bodies are left out, because they can hold secrets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RequestLog:
    """Logs every request when it has been answered.

    Args:
        app: The application.
        log: Called with each line.
    """

    def __init__(self, app: ASGIApp, log: Callable[[str], None]) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on and log it."""
        status, started = 0, time.monotonic()

        async def send_and_note_status(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, send_and_note_status)
        finally:
            milliseconds = (time.monotonic() - started) * 1000
            # The raw path is still percent-encoded, so no control character reaches the terminal.
            path = scope["raw_path"].decode("latin-1")
            self._log(f"{scope['method']} {path} {status or 'no answer'} {milliseconds:.0f} ms")
