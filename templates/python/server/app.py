"""The plugin as an ASGI application: one HTTP request is one call of ``index.handler``."""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from plugin.create_error_response import create_error_response
from plugin.errors import FIRST_ERROR_STATUS, PluginError
from plugin.get_trace_id import get_traceparent
from plugin.settings import read_settings
from server.call_log import keep_calls_apart, log_response, start_call
from server.event import Headers, Request, Response, make_event, make_response
from server.settings import ServerSettings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Handler = Callable[[object, object], dict[str, Any]]

LARGEST_HEAD = 32 * 1024  # bytes of all headers
LARGEST_BODY = 6 * 1024 * 1024  # bytes, as on Lambda
BODY_SECONDS = 20.0  # for the whole body
MOST_CALLS = 512  # that run or wait; one more is answered with 503 at once
MOST_FIRST_CALLS = 100  # that run one after the other
HEALTH_PATH = "/health"
# The methods that a function URL has. HTTP has more, such as CONNECT.
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class Deadline:
    """What Lambda passes in addition to the event: how much time is left."""

    def __init__(self, seconds: float) -> None:
        """Start the time."""
        self.end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Return the remaining milliseconds."""
        return max(0, int((self.end - time.monotonic()) * 1000))


class App:
    """The application, for any ASGI server; ``server/__main__.py`` runs it with uvicorn.

    Attributes:
        draining: Whether the server is about to stop. Responses then close their connections.
    """

    def __init__(self, handler: Handler, settings: ServerSettings) -> None:
        """Start the threads in which calls run.

        Args:
            handler: ``index.handler``.
            settings: Limits.
        """
        keep_calls_apart()
        self.handler = handler
        self.settings = settings
        self.draining = False
        self.calls = 0
        self.first_calls = MOST_FIRST_CALLS
        self.alone = asyncio.Lock()
        self.pool = ThreadPoolExecutor(settings.threads, "call")
        # Calls that were answered with 504 and still run: Python cannot stop a thread.
        self.late: set[Future[dict[str, Any]]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise NotImplementedError("The plugin answers HTTP only")
        if scope["path"] == HEALTH_PATH and scope["method"] in {"GET", "HEAD"}:
            await self.respond(self.health(), scope, send)
            return
        start = time.monotonic()
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        try:
            check_head(headers)
            body = await read_body(dict(headers), receive)
            if body is None:
                return  # the caller has gone
            event = make_event(self.make_request(scope, headers, body))
            response = make_response(await self.call(event))
        except Exception as error:  # noqa: BLE001 - every error becomes an answer, as in plugin/flow.py
            response = refusal(error, get_traceparent({"headers": dict(headers)}))
        log_response(response, scope["method"], time.monotonic() - start)
        await self.respond(response, scope, send)

    def make_request(self, scope: Scope, headers: Headers, body: bytes) -> Request:
        """Return the request of an ASGI scope.

        Raises:
            PluginError: 405, Lambda has no such method.
        """
        if scope["method"] not in METHODS:
            raise PluginError(405, "METHOD_NOT_ALLOWED", f"Use one of {', '.join(sorted(METHODS))}.")
        client = scope["client"][0] if scope.get("client") else ""
        if self.settings.behind_proxy:
            client = dict(headers).get("x-forwarded-for", client).split(",")[-1].strip()
        return Request(
            method=scope["method"],
            path=scope["path"] or "/",
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=body,
            protocol=f"HTTP/{scope['http_version']}",
            client=client,
        )

    async def call(self, event: dict[str, Any]) -> dict[str, Any]:
        """Call the plugin, and return its answer.

        A new process fetches BioT's public key with its first call. So the first calls run one after the other, until
        one was accepted: the plugin limits how often it fetches the key, and would refuse some of many calls at once.

        Raises:
            PluginError: 503, too many calls; 504, the time is over.
        """
        if self.calls >= MOST_CALLS:
            raise PluginError(503, "TOO_MANY_CALLS", "The plugin has too many calls. Try again later.")
        self.calls += 1
        try:
            if self.first_calls > 0:
                async with self.alone:
                    if self.first_calls > 0:
                        answer = await self.run(event)
                        self.first_calls = 0 if answer["statusCode"] < FIRST_ERROR_STATUS else self.first_calls - 1
                        return answer
            return await self.run(event)
        finally:
            self.calls -= 1

    async def run(self, event: dict[str, Any]) -> dict[str, Any]:
        """Call the plugin in a thread. Raises PluginError 504 when the time is over."""
        deadline = Deadline(self.settings.timeout)
        call = self.pool.submit(copy_context().run, self.handler, event, deadline)
        try:
            async with asyncio.timeout(self.settings.timeout):
                return await asyncio.shield(asyncio.wrap_future(call))
        except TimeoutError:
            if not call.cancel():
                self.late.add(call)
                call.add_done_callback(self.late.discard)
            message = f"The plugin did not answer within {self.settings.timeout:g} s."
            raise PluginError(504, "TIMEOUT", message) from None

    def health(self) -> Response:
        """Return whether this server can take calls: 200, or 503 when it is about to stop or every thread is stuck."""
        stuck = len(self.late) >= self.settings.threads
        word = "stopping" if self.draining else "stuck" if stuck else "ok"
        headers = [("content-type", "application/json"), ("cache-control", "no-store")]
        return Response(status=200 if word == "ok" else 503, headers=headers, body=f'{{"status":"{word}"}}'.encode())

    async def respond(self, response: Response, scope: Scope, send: Send) -> None:
        """Send a response."""
        without_body = response.status in {204, 304}
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
        if not without_body:
            headers.append((b"content-length", str(len(response.body)).encode()))
        if self.draining:
            headers.append((b"connection", b"close"))
        body = b"" if without_body or scope["method"] == "HEAD" else response.body
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def check_head(headers: Headers) -> None:
    """Refuse too many or too long headers.

    Raises:
        PluginError: 431.
    """
    if sum(len(name) + len(value) for name, value in headers) > LARGEST_HEAD:
        raise PluginError(431, "HEADERS_TOO_LARGE", f"The headers must not have more than {LARGEST_HEAD} bytes.")


async def read_body(headers: dict[str, str], receive: Receive) -> bytes | None:
    """Return the body of a request, or None when the caller has gone.

    Raises:
        PluginError: 413, it is too large; 408, it comes too slowly.
    """
    too_large = PluginError(413, "BODY_TOO_LARGE", f"The body must not have more than {LARGEST_BODY} bytes.")
    if int(headers.get("content-length") or 0) > LARGEST_BODY:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body += message.get("body", b"")
                if len(body) > LARGEST_BODY:
                    raise too_large
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise PluginError(408, "BODY_TOO_SLOW", f"The body did not arrive within {BODY_SECONDS:g} s.") from None


def refusal(error: Exception, traceparent: str) -> Response:
    """Log an error, and return its response with the body that BioT documents for errors."""
    start_call(traceparent)
    log = logging.getLogger("plugin")
    return make_response(create_error_response(error, read_settings(os.environ), traceparent, log))
