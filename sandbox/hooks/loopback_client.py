"""An HTTP client for endpoints on this machine: without proxies and certificates, a call takes a fraction of a ms."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import h11

from sandbox.hooks.rules.hook_answers import EndpointAnswer, EndpointFailure, EndpointFailureKind
from sandbox.hooks.rules.undocumented_hooks import ANSWER_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.hooks.hook_requests import HookRequest

_CHUNK = 65_536
_IDLE_MAX = 20
"""Open connections that are kept for each address."""


class ClosedConnectionError(Exception):
    """A kept connection was closed by the other side before it answered: the request was not processed."""


@dataclass(slots=True)
class _Connection:
    """An open connection; ``used`` says whether it has carried a request before."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    http: h11.Connection = field(default_factory=lambda: h11.Connection(h11.CLIENT))
    used: bool = False


class LoopbackClient:
    """Sends requests to plain HTTP endpoints, and keeps connections open. Belongs to one event loop."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, int], list[_Connection]] = {}

    async def post(
        self, url: str, headers: Mapping[str, str], request: HookRequest
    ) -> EndpointAnswer | EndpointFailure:
        """Send one request and return the answer.

        Raises:
            OSError: There is no connection, or it broke.
            h11.RemoteProtocolError: The answer is not HTTP.
        """
        parts = urlsplit(url)
        address = (parts.hostname or "", parts.port or 80)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = [("host", parts.netloc.rpartition("@")[2]), *headers.items(), ("content-length", str(len(request.body)))]
        head = h11.Request(method="POST", target=target, headers=sent)
        while True:
            connection = await self._connection(address)
            try:
                answer = await self._exchange(connection, head, request.body)
            except ClosedConnectionError:
                connection.writer.close()
                continue
            except BaseException:
                connection.writer.close()
                raise
            self._keep(address, connection)
            return answer

    def close(self) -> None:
        """Close all idle connections."""
        for connections in self._idle.values():
            for connection in connections:
                connection.writer.close()
        self._idle.clear()

    async def _connection(self, address: tuple[str, int]) -> _Connection:
        idle = self._idle.get(address, [])
        while idle:
            connection = idle.pop()
            if not connection.reader.at_eof() and not connection.writer.is_closing():
                return connection
            connection.writer.close()
        reader, writer = await asyncio.open_connection(*address)
        return _Connection(reader, writer)

    async def _exchange(
        self, connection: _Connection, head: h11.Request, body: bytes
    ) -> EndpointAnswer | EndpointFailure:
        http, reused = connection.http, connection.used
        connection.used = True
        data = [http.send(head), http.send(h11.Data(data=body)) if body else b"", http.send(h11.EndOfMessage())]
        try:
            connection.writer.write(b"".join(part for part in data if part))
            await connection.writer.drain()
            response = await self._next(connection)
        except (ConnectionError, h11.RemoteProtocolError) as error:
            if reused and not http.trailing_data[0]:
                raise ClosedConnectionError from error
            raise
        while not isinstance(response, h11.Response):  # 1xx
            response = await self._next(connection)
        received = bytearray()
        while not isinstance(event := await self._next(connection), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                received += event.data
            if len(received) > ANSWER_MAX:
                connection.writer.close()
                return too_large()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
        return EndpointAnswer(status=response.status_code, headers=headers, body=bytes(received))

    async def _next(self, connection: _Connection) -> object:
        while (event := connection.http.next_event()) is h11.NEED_DATA:
            connection.http.receive_data(await connection.reader.read(_CHUNK))
        return event

    def _keep(self, address: tuple[str, int], connection: _Connection) -> None:
        idle = self._idle.setdefault(address, [])
        reusable = connection.http.our_state is h11.DONE and connection.http.their_state is h11.DONE
        if connection.writer.is_closing() or not reusable or len(idle) >= _IDLE_MAX:
            connection.writer.close()
            return
        connection.http.start_next_cycle()
        idle.append(connection)


def too_large() -> EndpointFailure:
    """Return the failure of an answer that is larger than Lambda allows."""
    message = f"Its answer is larger than {ANSWER_MAX} bytes, the limit of Lambda."
    return EndpointFailure(kind=EndpointFailureKind.TOO_LARGE, message=message)
