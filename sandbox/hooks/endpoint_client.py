"""Call endpoints over HTTP, as BioT does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sandbox.hooks.rules.hook_answers import EndpointAnswer, EndpointFailure, EndpointFailureKind
from sandbox.hooks.rules.undocumented_hooks import ANSWER_MAX

if TYPE_CHECKING:
    import httpx

    from sandbox.hooks.hook_requests import HookRequest

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_USER_AGENT = "biot-plugin-kit (local BioT)"


class EndpointClient:
    """Sends requests to endpoints. Belongs to one event loop."""

    def __init__(self) -> None:
        self._clients: dict[bool, httpx.AsyncClient] = {}

    async def post(self, url: str, request: HookRequest, timeout_seconds: float) -> EndpointAnswer | EndpointFailure:
        """Send one request, once, and return the answer or why there is none. A redirect is not followed."""
        import httpx  # only at the first call: a local BioT without plugins starts without it

        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._send(url, request)
        except TimeoutError:
            message = f"It gave no answer within {timeout_seconds:g} s."
            return EndpointFailure(kind=EndpointFailureKind.TIMEOUT, message=message)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            message = f"It cannot be reached at {url}: {str(error) or type(error).__name__}."
            return EndpointFailure(kind=EndpointFailureKind.UNREACHABLE, message=message)

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def _send(self, url: str, request: HookRequest) -> EndpointAnswer | EndpointFailure:
        headers = {"user-agent": _USER_AGENT, **request.headers}
        async with self._client(url).stream("POST", url, headers=headers, content=request.body) as response:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > ANSWER_MAX:
                    message = f"Its answer is larger than {ANSWER_MAX} bytes, the limit of Lambda."
                    return EndpointFailure(kind=EndpointFailureKind.TOO_LARGE, message=message)
            return EndpointAnswer(
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=bytes(body),
            )

    def _client(self, url: str) -> httpx.AsyncClient:
        """Return the client for this machine, which uses no proxy, or the one for other machines."""
        import httpx

        local = urlsplit(url).hostname in _LOOPBACK
        if local not in self._clients:
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
            self._clients[local] = httpx.AsyncClient(
                verify=not local,
                trust_env=not local,
                timeout=None,  # noqa: S113 - every call has its own total time
                limits=limits,
                follow_redirects=False,
            )
        return self._clients[local]
