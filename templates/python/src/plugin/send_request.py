"""HTTP calls to BioT: JSON out, JSON in, always with a timeout, never through a redirect."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from urllib3 import PoolManager

SHORTEST_TIMEOUT = 0.1
# Reserved from Lambda's remaining time, so that the plugin can still answer when BioT does not.
RESERVED_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer: the status, and the JSON of the body (None when the body is empty or is not JSON)."""

    status: int
    json: Any

    @property
    def ok(self) -> bool:
        """Whether the call succeeded."""
        return 200 <= self.status <= 299  # noqa: PLR2004 - the 2xx family

    @property
    def code(self) -> str:
        """BioT's error code, or an empty text."""
        code = self.json.get("code") if isinstance(self.json, dict) else None
        return code if isinstance(code, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request. The body, if any, is sent as JSON."""

    method: str
    url: str
    headers: dict[str, str]
    body: object = None

    @property
    def path(self) -> str:
        """The path without the query, for messages: a query may contain the name of a patient."""
        return urlsplit(self.url).path


def timeout_within(limit: float, remaining_seconds: Callable[[], float]) -> float:
    """Return a timeout in seconds: at most the limit, and one second less than Lambda's remaining time."""
    return max(SHORTEST_TIMEOUT, min(limit, remaining_seconds() - RESERVED_SECONDS))


def send_request(request: Request, timeout: float) -> Answer:
    """Send one request, once.

    Raises:
        TimeoutError: No answer within the timeout (in seconds).
        ConnectionError: The connection could not be made, or broke.
    """
    from urllib3 import Timeout, exceptions

    headers = dict(request.headers)
    content = None
    if request.body is not None:
        headers["content-type"] = "application/json"
        content = json.dumps(request.body, allow_nan=False).encode()
    try:
        received = connection_pool().request(
            request.method,
            request.url,
            body=content,
            headers=headers,
            timeout=Timeout(total=timeout),
            retries=False,
            redirect=False,  # it would carry the token to an address that nobody configured
        )
    except exceptions.HTTPError as error:
        # urllib3 counts a refused connection among the timeouts; here it is not one.
        refused = isinstance(error, exceptions.NewConnectionError)
        if isinstance(error, exceptions.TimeoutError) and not refused:
            raise TimeoutError(f"{request.method} {request.path} was not answered within {timeout:.1f} s") from None
        raise ConnectionError(f"{request.method} {request.path} failed: {type(error).__name__}") from None
    return Answer(status=received.status, json=parse(received.data))


def send_twice(request: Request, limit: float, remaining_seconds: Callable[[], float]) -> Answer:
    """Send a request that is safe to repeat; try once more when the connection fails.

    A Lambda process sleeps between calls, and its open connections may be closed by then.
    """
    try:
        return send_request(request, timeout_within(limit, remaining_seconds))
    except ConnectionError:
        return send_request(request, timeout_within(limit, remaining_seconds))


def parse(content: bytes) -> object:
    """Return the JSON, or None when the content is not JSON."""
    try:
        parsed: object = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return parsed


@cache
def connection_pool() -> PoolManager:
    """Return the connections, which stay open between calls. urllib3 is imported on first use, because that is slow."""
    from urllib3 import PoolManager

    return PoolManager()
