"""What reaches the routes: requests meant for this loopback address, with bodies of a bearable size.

A page in a browser can send requests to loopback addresses, and a name of its own can be made to lead there (DNS
rebinding). Such requests name another host, or say which page they come from; both are refused before any route.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from builder.platform.limits import ZIP_MAX
from sandbox.errors import ApiError
from sandbox.refusing import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PLUGIN_BODY_MAX = ZIP_MAX + 1_048_576
"""Bytes: a ZIP as large as may be, with 1 MB for ``config`` and the form around them."""
BODY_MAX = 1_048_576
"""Bytes, for every other request."""
HEADERS_MAX = 65_536
"""Bytes of request line and headers together."""

_PLUGINS = "/settings/v2/plugins"
_HTTP_PORT = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """Exactly what ``Host`` and ``Origin`` may say."""

    hosts: frozenset[str]
    origins: frozenset[str]


def names_of(base_url: str) -> Names:
    """The names of the local BioT at an address: the address itself and ``localhost``, each with the port."""
    port = urlsplit(base_url).port or _HTTP_PORT
    hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
    if port == _HTTP_PORT:  # clients leave it out
        hosts |= {"127.0.0.1", "localhost"}
    return Names(hosts=frozenset(hosts), origins=frozenset(f"http://{host}" for host in hosts))


def is_ours(names: Names, headers: Iterable[tuple[bytes, bytes]]) -> bool:
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
        self._names = names_of(base_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or answer it."""
        if scope["type"] != "http":
            return
        limit = body_limit(scope["method"], scope["path"])
        if not is_ours(self._names, scope["headers"]):
            message = "This is a local BioT: Host must be its own address, and Origin absent or the same."
            answer = refusal(ApiError(403, "ACCESS_DENIED", message), scope)
        elif _announced(scope) > limit:
            answer = refusal(too_large(limit), scope)
        else:
            await self._app(scope, _bounded(receive, limit), send)
            return
        await answer(scope, receive, send)


def too_large(limit: int) -> ApiError:
    """A 413. No BioT service documents one for plugins; Lambda's own limit is what the size comes from."""
    return ApiError(413, "PAYLOAD_TOO_LARGE", f"The body is larger than {limit} bytes.")


def _announced(scope: Scope) -> int:
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(lengths[0]) if lengths else 0  # the server has refused what is no number


def _bounded(receive: Receive, limit: int) -> Receive:
    """Like ``receive``, up to ``limit`` bytes: a body in chunks announces no length."""
    seen = 0

    async def receive_some() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise too_large(limit)
        return message

    return receive_some
