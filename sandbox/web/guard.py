"""The guard in front of the routes: it refuses requests from other sites and bodies that are too large.

A page in a browser can send requests to loopback addresses, and its host name can be made to resolve to one (DNS
rebinding). Such requests have another ``Host`` or an ``Origin`` header; both are refused before any route.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from builder.oci import MANIFEST_MAX
from builder.platform.limits import ZIP_MAX
from sandbox.functions.lambda_facts import REQUEST_MAX
from sandbox.web.biot_errors import ApiError
from sandbox.web.error_responses import error_response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PLUGIN_BODY_MAX = ZIP_MAX + 1_048_576
"""Bytes: the largest ZIP, and 1 MB for ``config`` and the form around them."""
LAYER_MAX = 10 * 1024**3
"""Bytes of a layer that is pushed to the registry: an image for Lambda has at most 10 GB (AWS Lambda's quotas)."""
BODY_MAX = 1_048_576
"""Bytes, for every other request."""
DRAINED_MAX = 4 * PLUGIN_BODY_MAX
"""Bytes of a refused body that are read and discarded."""
HEADERS_MAX = 65_536
"""Bytes of all headers together; the server refuses longer request lines."""

FUNCTION_URLS = "/run/"
"""The paths of plugins' endpoints. Pages of other sites may call them: on AWS they are public, with CORS settings of
their own."""

SAMPLES_HOST = "lambda.aws.com"
"""The value of ``Host`` in requests of plugins that are based on BioT's Python sample (1.5.7, ``src/constants.py``)."""

_READ_TIMEOUT_SECONDS = 2
_PLUGINS = ("/settings/v2/plugins", "/console/plugins")
"""Where ZIPs are uploaded: the API, and the form of the console."""
_REGISTRY = "/v2/"
_HTTP_PORT = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowedNames:
    """The exact values that ``Host`` and ``Origin`` may have."""

    hosts: frozenset[str]
    origins: frozenset[str]


def allowed_names(base_url: str) -> AllowedNames:
    """Return the names of a local BioT: its address and ``localhost``, each with the port."""
    port = urlsplit(base_url).port or _HTTP_PORT
    hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
    if port == _HTTP_PORT:  # clients leave it out
        hosts |= {"127.0.0.1", "localhost"}
    return AllowedNames(hosts=frozenset(hosts), origins=frozenset(f"http://{host}" for host in hosts))


def is_allowed(names: AllowedNames, headers: Iterable[tuple[bytes, bytes]], *, any_origin: bool = False) -> bool:
    """Return whether a request goes to this address and does not come from a page of another site.

    A request with BioT's sample's own value of ``Host`` is allowed when it has a token and no ``Origin``: a page that
    is reached under that name knows no token.

    Args:
        names: The names of this address.
        headers: Of the request.
        any_origin: Whether pages of other sites are allowed.
    """
    values: dict[bytes, list[str]] = {b"host": [], b"origin": [], b"authorization": []}
    for name, value in headers:
        if name in values:
            values[name].append(value.decode("latin-1"))
    hosts, origins = values[b"host"], values[b"origin"]
    if hosts == [SAMPLES_HOST] and values[b"authorization"] and not origins:
        return True
    if len(hosts) != 1 or hosts[0] not in names.hosts or len(origins) > 1:
        return False
    return any_origin or names.origins.issuperset(origins)


def body_limit(method: str, path: str) -> int:
    """Return the largest number of bytes that a request body may have."""
    if path.startswith(FUNCTION_URLS):
        return REQUEST_MAX
    if path.startswith(_REGISTRY):
        return LAYER_MAX if "/blobs/uploads/" in path else MANIFEST_MAX
    large = method in {"POST", "PATCH", "PUT"} and f"{path}/".startswith(tuple(f"{each}/" for each in _PLUGINS))
    return PLUGIN_BODY_MAX if large else BODY_MAX


class Guard:
    """Refuses requests from other sites and large bodies before any route sees them.

    Args:
        app: The application to guard.
        base_url: Its address for clients.
    """

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self._app = app
        self._names = allowed_names(base_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on or refuse it."""
        if scope["type"] != "http":
            return
        limit = body_limit(scope["method"], scope["path"])
        body = _Body(scope, receive, limit)
        app = self._app
        if not is_allowed(self._names, scope["headers"], any_origin=scope["path"].startswith(FUNCTION_URLS)):
            message = "This is a local BioT: Host must be its own address, and Origin must be absent or the same."
            app = error_response(ApiError(403, "ACCESS_DENIED", message), scope)
        elif sum(len(name) + len(value) for name, value in scope["headers"]) > HEADERS_MAX:
            app = error_response(
                ApiError(431, "HEADERS_TOO_LARGE", f"The headers are longer than {HEADERS_MAX} bytes."), scope
            )
        elif body.declared_size > limit:
            app = error_response(_too_large(limit), scope)

        async def drain_and_send(message: Message) -> None:
            await body.drain()
            await send(message)

        await app(scope, body.receive, drain_and_send)


class _Body:
    """The body of one request, up to the limit.

    Whatever a route has not read is read before the response is sent. Otherwise a client that is still sending would
    find the connection closed and never see the reason.
    """

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        headers = dict(scope["headers"])
        self.declared_size = int(headers.get(b"content-length", 0))  # the server refuses anything but a number
        self._receive = receive
        self._limit = limit
        self._received = 0
        # A client that waits for "100 Continue" has sent nothing yet, and need not.
        self._more = b"expect" not in headers and (self.declared_size > 0 or b"transfer-encoding" in headers)

    async def receive(self) -> Message:
        """Return the next piece.

        Raises:
            ApiError: 413. A chunked body has no declared size, so it is counted here.
        """
        message = await self._next()
        if self._received > self._limit:
            raise _too_large(self._limit)
        return message

    async def drain(self) -> None:
        """Read the rest and discard it, up to a bound. Do not wait for a client that sends nothing more."""
        with suppress(TimeoutError):
            while self._more and self._received < DRAINED_MAX:
                async with asyncio.timeout(_READ_TIMEOUT_SECONDS):
                    await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        self._more = message.get("more_body", False)
        return message


def _too_large(limit: int) -> ApiError:
    """Return a 413. No BioT service documents one for plugins; the size follows from Lambda's limit."""
    return ApiError(413, "PAYLOAD_TOO_LARGE", f"The body is larger than {limit} bytes.")
