"""An HTTP client for endpoints on this machine: without proxies and certificates, a call takes a fraction of a ms.

A connection is kept only to this local BioT itself, which closes idle ones after five seconds. Any other endpoint could
close a kept one at any moment, and then nobody knows whether a request was processed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import h11

from sandbox.hooks.rules.hook_answers import EndpointAnswer, EndpointFailure, EndpointFailureKind
from sandbox.hooks.rules.undocumented_hooks import ANSWER_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.hooks.hook_requests import HookRequest

_CHUNK = 65_536
_KEPT_SECONDS = 3
"""How long a connection is kept: less than the five seconds of uvicorn."""


@dataclass(slots=True)
class _Connection:
    """An open connection; ``idle_since`` is the time of the event loop."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    http: h11.Connection
    idle_since: float = 0


class LoopbackClient:
    """Sends requests to plain HTTP endpoints. Belongs to one event loop.

    Args:
        own_address: The address of this local BioT, such as ``http://127.0.0.1:8788``.
    """

    def __init__(self, own_address: str) -> None:
        self._own = urlsplit(own_address).netloc
        self._idle: list[_Connection] = []

    async def post(
        self, url: str, headers: Mapping[str, str], request: HookRequest
    ) -> EndpointAnswer | EndpointFailure:
        """Send one request, once, and return the answer.

        Raises:
            OSError: There is no connection, or it broke.
            h11.RemoteProtocolError: The answer is not HTTP.
        """
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        kept = parts.netloc == self._own
        own = [("host", parts.netloc.rpartition("@")[2]), *([] if kept else [("connection", "close")])]
        head = [*own, *headers.items(), ("content-length", str(len(request.body)))]
        connection = (self._kept() if kept else None) or await _open(parts.hostname, parts.port or 80)
        reusable = False
        try:
            sent = [
                connection.http.send(h11.Request(method="POST", target=target, headers=head)),
                connection.http.send(h11.Data(data=request.body)),
                connection.http.send(h11.EndOfMessage()),
            ]
            connection.writer.write(b"".join(part for part in sent if part))
            await connection.writer.drain()
            answer = await _answer(connection.http, connection.reader)
            reusable = kept and connection.http.our_state is connection.http.their_state is h11.DONE
        finally:
            if not reusable:
                connection.writer.close()
        if reusable:
            connection.http.start_next_cycle()
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        return answer

    def close(self) -> None:
        """Close all idle connections."""
        for connection in self._idle:
            connection.writer.close()
        self._idle.clear()

    def _kept(self) -> _Connection | None:
        """Return a kept connection that is certainly open; close all others."""
        oldest = asyncio.get_running_loop().time() - _KEPT_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.idle_since > oldest and not connection.reader.at_eof():
                return connection
            connection.writer.close()
        return None


async def _open(host: str | None, port: int) -> _Connection:
    reader, writer = await asyncio.open_connection(host, port)
    return _Connection(reader, writer, h11.Connection(h11.CLIENT))


def too_large() -> EndpointFailure:
    """Return the failure of an answer that is larger than Lambda allows."""
    message = f"Its answer is larger than {ANSWER_MAX} bytes, the limit of Lambda."
    return EndpointFailure(kind=EndpointFailureKind.TOO_LARGE, message=message)


async def _answer(http: h11.Connection, reader: asyncio.StreamReader) -> EndpointAnswer | EndpointFailure:
    response = await _next(http, reader)
    while not isinstance(response, h11.Response):  # 1xx
        response = await _next(http, reader)
    body = bytearray()
    while not isinstance(event := await _next(http, reader), h11.EndOfMessage):
        if isinstance(event, h11.Data):
            body += event.data
        if len(body) > ANSWER_MAX:
            return too_large()
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
    return EndpointAnswer(status=response.status_code, headers=headers, body=bytes(body))


async def _next(http: h11.Connection, reader: asyncio.StreamReader) -> object:
    while (event := http.next_event()) is h11.NEED_DATA:
        http.receive_data(await reader.read(_CHUNK))
    return event
