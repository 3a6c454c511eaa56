"""Lambda's Runtime API on loopback, for the runtime client of one execution environment.

Source: AWS, "Using the Lambda runtime API", version 2018-06-01; answers to wrong calls as the
aws-lambda-runtime-interface-emulator gives them.
"""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sandbox.functions.environments.http_requests import MalformedRequestError, RequestReader
from sandbox.functions.lambda_facts import RESPONSE_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.functions.environments.http_requests import ApiRequest

HOST = "127.0.0.1"
_PREFIX = "/2018-06-01/runtime"
_OUTCOME = re.compile(rf"{_PREFIX}/invocation/([^/]+)/(response|error)")
_REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 413: "Too Large"}
ERROR_TYPE_HEADER = "lambda-runtime-function-error-type"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """An event for the handler.

    Attributes:
        request_id: Of the call.
        payload: JSON.
        deadline_ms: When Lambda stops the call, in milliseconds since 1970.
        trace: The X-Ray trace header.
        function_arn: Of the function.
    """

    request_id: str
    payload: bytes
    deadline_ms: int
    trace: str
    function_arn: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RuntimeMessage:
    """What the runtime client reported.

    Attributes:
        kind: ``next``: it is ready for an event. ``response`` and ``error``: the handler has ended. ``init-error``: the
            handler could not be loaded.
        body: The answer or the error, as JSON.
        size: Bytes of the body.
        error_type: The type of the error, if the client named it in a header.
    """

    kind: Literal["next", "response", "error", "init-error"]
    body: bytes = b""
    size: int = 0
    error_type: str = ""


class RuntimeApi:
    """Serves one runtime client, inside an event loop.

    Args:
        receive: Called with each message of the client.
    """

    def __init__(self, receive: Callable[[RuntimeMessage], None]) -> None:
        self._receive = receive
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self._waiting: _Connection | None = None
        self._event: Event | None = None
        self.address = ""

    async def open(self) -> None:
        """Listen on a free port; ``address`` is then the value of AWS_LAMBDA_RUNTIME_API."""
        # asyncio sets TCP_NODELAY only on sockets that name their protocol; without it, small responses take 40 ms.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind((HOST, 0))
        self._server = await asyncio.get_running_loop().create_server(lambda: _Connection(self), sock=listener)
        self.address = f"{HOST}:{listener.getsockname()[1]}"

    def close(self) -> None:
        """Stop listening and drop the client."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.drop()

    def offer(self, event: Event) -> None:
        """Give the client an event: now if it waits for one, else when it asks."""
        self._event = event
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.send(200, event.payload, _headers(event))

    def connected(self, connection: _Connection) -> None:
        """Remember a connection until it ends."""
        self._connections.add(connection)

    def disconnected(self, connection: _Connection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)
        if self._waiting is connection:
            self._waiting = None

    def handle(self, request: ApiRequest, connection: _Connection) -> None:
        """Answer a request of the client."""
        if request.path == f"{_PREFIX}/invocation/next" and request.method == "GET":
            self._next(connection)
        elif request.path == f"{_PREFIX}/init/error" and request.method == "POST":
            connection.send(202, b'{"status":"OK"}')
            self._receive(_message("init-error", request))
        elif request.method == "POST" and (match := _OUTCOME.fullmatch(request.path)):
            self._outcome(match[1], match[2], request, connection)
        else:
            connection.send(404, b'{"errorMessage":"Not found","errorType":"NotFound"}')

    def _next(self, connection: _Connection) -> None:
        self._waiting, self._event = connection, None
        self._receive(RuntimeMessage(kind="next"))

    def _outcome(self, request_id: str, kind: str, request: ApiRequest, connection: _Connection) -> None:
        if self._event is None or self._event.request_id != request_id:
            connection.send(400, b'{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}')
            return
        self._event = None
        if kind == "response" and request.size > RESPONSE_MAX:
            text = f"Exceeded maximum allowed payload size ({RESPONSE_MAX} bytes)."
            connection.send(413, f'{{"errorMessage":"{text}","errorType":"RequestEntityTooLarge"}}'.encode())
        else:
            connection.send(202, b'{"status":"OK"}')
        self._receive(_message("response" if kind == "response" else "error", request))


class _Connection(asyncio.Protocol):
    """One connection of the client."""

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api
        self._reader = RequestReader(RESPONSE_MAX)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._api.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # a client that ends resets its connection
        self._api.disconnected(self)

    def data_received(self, data: bytes) -> None:
        try:
            for request in self._reader.feed(data):
                self._api.handle(request, self)
        except MalformedRequestError:
            self.send(400, b'{"errorMessage":"Malformed request","errorType":"MalformedRequest"}')
            self.drop()

    def send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Send a JSON response."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: application/json\r\n{lines}"
        head += f"content-length: {len(body)}\r\n\r\n"
        if self._transport is not None:
            self._transport.write(head.encode("latin-1", "replace") + body)

    def drop(self) -> None:
        """Close the connection, after what was sent."""
        if self._transport is not None:
            with suppress(OSError):
                self._transport.close()


def _headers(event: Event) -> dict[str, str]:
    return {
        "Lambda-Runtime-Aws-Request-Id": event.request_id,
        "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": event.function_arn,
        "Lambda-Runtime-Trace-Id": event.trace,
    }


def _message(kind: Literal["response", "error", "init-error"], request: ApiRequest) -> RuntimeMessage:
    # A stream that fails half-way says so in a trailer.
    error_type = request.headers.get(ERROR_TYPE_HEADER, "")
    if kind == "response" and error_type:
        kind = "error"
    return RuntimeMessage(kind=kind, body=request.body, size=request.size, error_type=error_type)
