"""ASGI messages as values: read a request, run an application for one, send a response."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from sandbox.entities.entity_calls import noted_change
from sandbox.hooks.rules.api_messages import BiotRequest, BiotResponse, query_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sandbox.entities.entity_calls import EntityChange


async def read_request(scope: Scope, receive: Receive) -> BiotRequest | None:
    """Read a whole request; None when the client closed the connection before its end.

    Raises:
        ApiError: 413 from the guard, the body is too large.
    """
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return BiotRequest(
        method=scope["method"],
        path=scope["path"],
        query=query_of(scope["query_string"].decode("latin-1")),
        headers=headers,
        body=bytes(body),
    )


async def send_response(send: Send, response: BiotResponse) -> None:
    """Send a response with its real length."""
    headers = [(name, value) for name, value in response.headers if name != "content-length"]
    if response.body or response.status != 204:  # noqa: PLR2004 - a 204 has no body and no length
        headers.append(("content-length", str(len(response.body))))
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    await send({"type": "http.response.body", "body": response.body})


@dataclass(frozen=True, kw_only=True, slots=True)
class RanApi:
    """The response of an API without its hooks, and what the call changed; None when it changed nothing."""

    response: BiotResponse
    change: EntityChange | None


class AppRunner:
    """Runs an application for requests that are values.

    Args:
        app: The application.
        scope: The scope of the request that all of this belongs to.
    """

    def __init__(self, app: ASGIApp, scope: Scope) -> None:
        self._app = app
        self._scope = scope

    async def run(self, request: BiotRequest) -> RanApi:
        """Return the application's response to a request, and what it has changed."""
        exchange, scope = _Exchange(request.body), self._scope_of(request)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception:
            if exchange.response is None:
                raise
            # The caller gets the 500 that the application has sent already; the terminal shows why.
            logging.getLogger("uvicorn.error").exception("The local BioT failed.")
        if exchange.response is None:
            msg = "the application sent no response"
            raise RuntimeError(msg)
        return RanApi(response=exchange.response, change=noted_change(scope))

    def _scope_of(self, request: BiotRequest) -> Scope:
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in {"content-length", "transfer-encoding"}
        }
        if request.body:
            headers["content-length"] = str(len(request.body))
        raw_path, query_string = quote(request.path).encode(), request.query_string.encode()
        if self._has_address_of(request):  # as the client has written it
            raw_path, query_string = self._scope["raw_path"], self._scope["query_string"]
        return {
            **self._scope,
            "method": request.method,
            "path": request.path,
            "raw_path": raw_path,
            "query_string": query_string,
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()
            ],
        }

    def _has_address_of(self, request: BiotRequest) -> bool:
        query = query_of(self._scope["query_string"].decode("latin-1"))
        return request.path == self._scope["path"] and dict(request.query) == query


class _Exchange:
    """One request and the response to it."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._start: Message | None = None
        self._received = bytearray()
        self.response: BiotResponse | None = None

    async def receive(self) -> Message:
        if self._body is None:
            await asyncio.Event().wait()  # nobody disconnects
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._received += message.get("body", b"")
        if not message.get("more_body", False) and self._start is not None:
            headers = tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in self._start["headers"]
            )
            self.response = BiotResponse(status=self._start["status"], headers=headers, body=bytes(self._received))
