"""Call endpoints over HTTP, as BioT does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import h11

from sandbox.hooks.loopback_client import LoopbackClient, too_large
from sandbox.hooks.rules.hook_answers import EndpointAnswer, EndpointFailure, EndpointFailureKind
from sandbox.hooks.rules.undocumented_hooks import ANSWER_MAX

if TYPE_CHECKING:
    import httpx

    from sandbox.hooks.hook_requests import HookRequest

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_USER_AGENT = "biot-plugin-kit (local BioT)"


class EndpointClient:
    """Sends requests to endpoints. Belongs to one event loop.

    Args:
        own_address: The address of this local BioT.
    """

    def __init__(self, own_address: str) -> None:
        self._loopback = LoopbackClient(own_address)
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
                parts = urlsplit(url)
                if parts.scheme == "http" and parts.hostname in _LOOPBACK:
                    return await self._loopback.post(url, headers, request)
                return await self._send_far(url, headers, request)
        except TimeoutError:
            message = f"It gave no answer within {timeout_seconds:g} s."
            return EndpointFailure(kind=EndpointFailureKind.TIMEOUT, message=message)
        except (OSError, ValueError, h11.ProtocolError) as error:
            return _unreachable(url, error)

    async def close(self) -> None:
        """Close all connections."""
        self._loopback.close()
        if self._client:
            await self._client.aclose()
            self._client = None

    async def _send_far(
        self, url: str, headers: dict[str, str], request: HookRequest
    ) -> EndpointAnswer | EndpointFailure:
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
                        return too_large()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _unreachable(url, error)
        received = {name.lower(): value for name, value in response.headers.items()}
        return EndpointAnswer(status=response.status_code, headers=received, body=bytes(body))


def _unreachable(url: str, error: Exception) -> EndpointFailure:
    refused = isinstance(error, ConnectionRefusedError)
    reason = "nothing listens there" if refused else str(error) or type(error).__name__
    message = f"It cannot be reached at {url}: {reason}."
    return EndpointFailure(kind=EndpointFailureKind.UNREACHABLE, message=message)
