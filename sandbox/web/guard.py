"""What reaches the routes: requests meant for this loopback address, with bodies of a bearable size.

A page in a browser can send requests to loopback addresses, and a name of its own can be made to lead there (DNS
rebinding). Such requests name another host, or say which page they come from; both are refused before any route.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from builder.platform.limits import ZIP_MAX
from sandbox.web.biot_errors import ApiError
from sandbox.web.error_responses import error_response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PLUGIN_BODY_MAX = ZIP_MAX + 1_048_576
"""Bytes: a ZIP as large as may be, with 1 MB for ``config`` and the form around them."""
BODY_MAX = 1_048_576
"""Bytes, for every other request."""
DRAINED_MAX = 4 * PLUGIN_BODY_MAX
"""Bytes that are read, and forgotten, of a body that is refused."""
HEADERS_MAX = 65_536
"""Bytes of all headers together; the server gives up on request lines beyond it."""

_PATIENCE_SECONDS = 2
_PLUGINS = "/settings/v2/plugins"
_HTTP_PORT = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowedNames:
    """Exactly what ``Host`` and ``Origin`` may say."""

    hosts: frozenset[str]
    origins: frozenset[str]


def allowed_names(base_url: str) -> AllowedNames:
    """The names of the local BioT at an address: the address itself and ``localhost``, each with the port."""
    port = urlsplit(base_url).port or _HTTP_PORT
    hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
    if port == _HTTP_PORT:  # clients leave it out
        hosts |= {"127.0.0.1", "localhost"}
    return AllowedNames(hosts=frozenset(hosts), origins=frozenset(f"http://{host}" for host in hosts))


def is_allowed(names: AllowedNames, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a request is meant for this address and comes from no foreign page."""
    hosts, origins = [], []
    for name, value in headers:
        if name == b"host":
            hosts.append(value.decode("latin-1"))
        elif name == b"origin":
            origins.append(value.decode("latin-1"))
    return len(hosts) == 1 and hosts[0] in names.hosts and len(origins) <= 1 and names.origins.issuperset(origins)


def body_limit(method: str, path: str) -> int:
    """How many bytes the body of a request may have."""
    large = method in {"POST", "PATCH", "PUT"} and (path == _PLUGINS or path.startswith(f"{_PLUGINS}/"))
    return PLUGIN_BODY_MAX if large else BODY_MAX


class Guard:
    """Refuses foreign requests and large bodies before any route sees them.

    Args:
        app: What is guarded.
        base_url: Where clients reach it.
    """

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self._app = app
        self._names = allowed_names(base_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or answer it."""
        if scope["type"] != "http":
            return
        limit = body_limit(scope["method"], scope["path"])
        body = _Body(scope, receive, limit)
        app = self._app
        if not is_allowed(self._names, scope["headers"]):
            message = "This is a local BioT: Host must be its own address, and Origin absent or the same."
            app = error_response(ApiError(403, "ACCESS_DENIED", message), scope)
        elif sum(len(name) + len(value) for name, value in scope["headers"]) > HEADERS_MAX:
            app = error_response(
                ApiError(431, "HEADERS_TOO_LARGE", f"The headers have over {HEADERS_MAX} bytes."), scope
            )
        elif body.announced > limit:
            app = error_response(_too_large(limit), scope)

        async def answer(message: Message) -> None:
            await body.drain()
            await send(message)

        await app(scope, body.receive, answer)


class _Body:
    """The body of one request, as much of it as may be read.

    What a route has left unread is read before the answer goes out: whoever is still sending would otherwise meet a
    closed connection and never see why.
    """

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        headers = dict(scope["headers"])
        self.announced = int(headers.get(b"content-length", 0))  # the server has refused what is no number
        self._receive = receive
        self._limit = limit
        self._seen = 0
        # Who waits for "100 Continue" has sent nothing yet, and need not.
        self._more = b"expect" not in headers and (self.announced > 0 or b"transfer-encoding" in headers)

    async def receive(self) -> Message:
        """The next piece.

        Raises:
            ApiError: 413; a body in chunks announces no length.
        """
        message = await self._next()
        if self._seen > self._limit:
            raise _too_large(self._limit)
        return message

    async def drain(self) -> None:
        """Read what is left and forget it, up to a bound; who sends nothing more is not waited for."""
        with suppress(TimeoutError):
            while self._more and self._seen < DRAINED_MAX:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        self._more = message.get("more_body", False)
        return message


def _too_large(limit: int) -> ApiError:
    """A 413. No BioT service documents one for plugins; Lambda's own limit is what the size comes from."""
    return ApiError(413, "PAYLOAD_TOO_LARGE", f"The body is larger than {limit} bytes.")
