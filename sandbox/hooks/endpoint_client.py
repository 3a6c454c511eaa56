"""Call endpoints over HTTP, as BioT does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import h11

from sandbox.hooks.rules.hook_answers import EndpointAnswer, EndpointFailure, EndpointFailureKind
from sandbox.hooks.rules.undocumented_hooks import ANSWER_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from sandbox.hooks.hook_requests import HookRequest
    from sandbox.hooks.own_endpoints import OwnEndpoints

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_USER_AGENT = "biot-plugin-kit (local BioT)"
_CHUNK = 65_536


class EndpointClient:
    """Sends requests to endpoints. Belongs to one event loop.

    Attributes:
        own: The endpoints of this local BioT, which need no connection; None sends every request over HTTP.
    """

    def __init__(self) -> None:
        self.own: OwnEndpoints | None = None
        self._client: httpx.AsyncClient | None = None

    async def post(
        self, url: str, request: HookRequest, timeout_seconds: float | None
    ) -> EndpointAnswer | EndpointFailure:
        """Send one request, once, and return the answer or why there is none. A redirect is not followed.

        Args:
            url: The endpoint.
            request: The request.
            timeout_seconds: The longest time for the answer; None for any time.
        """
        headers = {"user-agent": _USER_AGENT, "accept": "*/*", **request.headers}
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._answer(url, headers, request) or _too_large()
        except TimeoutError:
            message = f"It gave no answer within {timeout_seconds:g} s."
            return EndpointFailure(kind=EndpointFailureKind.TIMEOUT, message=message)
        except (OSError, ValueError, h11.ProtocolError) as error:
            return _unreachable(url, error)

    async def close(self) -> None:
        """Close all connections."""
        if self._client:
            await self._client.aclose()
            self._client = None

    async def _answer(
        self, url: str, headers: dict[str, str], request: HookRequest
    ) -> EndpointAnswer | EndpointFailure | None:
        """Return the answer, or why there is none; None when it is too large."""
        if self.own and self.own.takes(url):
            return await self.own.post(url, headers, request)
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname in _LOOPBACK:
            return await _post_on_loopback(url, headers, request)
        return await self._send_far(url, headers, request)

    async def _send_far(
        self, url: str, headers: dict[str, str], request: HookRequest
    ) -> EndpointAnswer | EndpointFailure | None:
        """Send a request to another machine, through the user's proxy if there is one."""
        import httpx  # only for endpoints elsewhere, so that a local BioT starts without it

        if self._client is None:
            # Every call has its own total time.
            self._client = httpx.AsyncClient(timeout=None, follow_redirects=False)  # noqa: S113
        try:
            async with self._client.stream("POST", url, headers=headers, content=request.body) as response:
                body = bytearray()
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > ANSWER_MAX:
                        return None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _unreachable(url, error)
        received = {name.lower(): value for name, value in response.headers.items()}
        return EndpointAnswer(status=response.status_code, headers=received, body=bytes(body))


async def _post_on_loopback(url: str, headers: Mapping[str, str], request: HookRequest) -> EndpointAnswer | None:
    """Send one request to an endpoint on this machine, once, and return the answer; None when it is too large.

    Without proxies and certificates, this takes a fraction of a millisecond. Every request has a connection of its own:
    an endpoint could close a kept one at any moment, and then nobody knows whether a request was processed.

    Raises:
        OSError: There is no connection, or it broke.
        h11.RemoteProtocolError: The answer is not HTTP.
    """
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    own = [("host", parts.netloc.rpartition("@")[2]), ("connection", "close")]
    head = [*own, *headers.items(), ("content-length", str(len(request.body)))]
    http = h11.Connection(h11.CLIENT)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        sent = [
            http.send(h11.Request(method="POST", target=target, headers=head)),
            http.send(h11.Data(data=request.body)),
            http.send(h11.EndOfMessage()),
        ]
        writer.write(b"".join(part for part in sent if part))
        await writer.drain()
        return await _answer(http, reader)
    finally:
        writer.close()


async def _answer(http: h11.Connection, reader: asyncio.StreamReader) -> EndpointAnswer | None:
    response = await _next(http, reader)
    while not isinstance(response, h11.Response):  # 1xx
        response = await _next(http, reader)
    body = bytearray()
    while not isinstance(event := await _next(http, reader), h11.EndOfMessage):
        if isinstance(event, h11.Data):
            body += event.data
        if len(body) > ANSWER_MAX:
            return None
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
    return EndpointAnswer(status=response.status_code, headers=headers, body=bytes(body))


async def _next(http: h11.Connection, reader: asyncio.StreamReader) -> object:
    while (event := http.next_event()) is h11.NEED_DATA:
        http.receive_data(await reader.read(_CHUNK))
    return event


def _too_large() -> EndpointFailure:
    message = f"Its answer is larger than {ANSWER_MAX} bytes, the limit of Lambda."
    return EndpointFailure(kind=EndpointFailureKind.TOO_LARGE, message=message)


def _unreachable(url: str, error: Exception) -> EndpointFailure:
    refused = isinstance(error, ConnectionRefusedError)
    reason = "nothing listens there" if refused else str(error) or type(error).__name__
    message = f"It cannot be reached at {url}: {reason}."
    return EndpointFailure(kind=EndpointFailureKind.UNREACHABLE, message=message)
