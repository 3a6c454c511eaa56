"""HTTP exchanges with registries: no retry, no redirect, and no address without protection."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from builder.network.certificates import NetworkSettingError, is_loopback, make_ssl_context
from builder.network.server_connection import LostResponseError, ServerConnection
from builder.oci import MANIFEST_MAX
from builder.registry.registry_failures import RegistryUnreachableError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Generator, Iterator, Mapping

    from builder.network.secret_text import SecretText
    from builder.registry.registry_options import RegistryOptions

_PIECE = 64 * 1024
_PORTS = {"http": 80, "https": 443}


class RequestBody(Protocol):
    """Bytes to send. It is opened again each time the request is sent."""

    size: int

    def open(self) -> Generator[bytes, None, None]:
        """The pieces, ``size`` bytes together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryRequest:
    """One request to a registry.

    Attributes:
        method: The HTTP method.
        url: The whole address.
        headers: Without ``Authorization``; a call of AWS has its session token and signature here.
        body: Bytes to send, or None.
        content: A small body in memory; used when ``body`` is None.
        expected_bytes: Of the answer, for the time limit.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: RequestBody | None = None
    content: bytes = field(default=b"", repr=False)
    expected_bytes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryResponse:
    """A response: status, headers with names in lower case, and the body unless it is streamed."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)


class RegistryTransport:
    """Connections to registries, for several threads.

    Args:
        options: Time limits and environment.
    """

    def __init__(self, options: RegistryOptions) -> None:
        self._options = options
        self._idle: dict[str, list[ServerConnection]] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self._open: set[ServerConnection] = set()
        self._closed = False

    def send(self, request: RegistryRequest, authorization: SecretText | None) -> RegistryResponse:
        """Send one request and read the whole answer.

        Raises:
            UndeliveredError: It was certainly not processed.
            LostResponseError: It may have been processed.
            RegistryUnreachableError: The address may not be used.
        """
        with self.stream(request, authorization) as (head, pieces):
            body = bytearray()
            for piece in pieces:
                body += piece
                if len(body) > MANIFEST_MAX:
                    msg = f"the answer is larger than {MANIFEST_MAX // 1024**2} MB"
                    raise LostResponseError(msg)
        return RegistryResponse(status=head.status, headers=head.headers, body=bytes(body))

    @contextmanager
    def stream(
        self, request: RegistryRequest, authorization: SecretText | None
    ) -> Iterator[tuple[RegistryResponse, Iterator[bytes]]]:
        """Send one request; the head of the answer, and its body piece by piece. Raises as ``send``."""
        _refuse_clear_text(request.url)
        size = request.body.size if request.body else len(request.content)
        seconds = self._options.seconds_for(size + request.expected_bytes)
        body = request.body.open() if request.body else None
        try:
            with (
                self._connection(request.url) as connection,
                connection.exchange(_arguments(request, authorization, body), seconds=seconds) as response,
            ):
                headers = {name.lower(): value for name, value in response.headers.items()}
                if headers.get("content-encoding", "identity").strip().lower() != "identity":
                    msg = "the answer has a content encoding that was not requested"
                    raise LostResponseError(msg)
                yield RegistryResponse(status=response.status_code, headers=headers), response.iter_raw(_PIECE)
        finally:
            if body is not None:
                # It may hold a connection to the registry that its bytes come from.
                body.close()

    def close(self) -> None:
        """Close idle connections, and end the exchanges of other threads, which then close theirs."""
        with self._lock:
            self._closed = True
            idle = [connection for connections in self._idle.values() for connection in connections]
            self._idle.clear()
            self._open.difference_update(idle)
            used = tuple(self._open)
        for connection in idle:
            connection.close()
        for connection in used:
            connection.abort()

    @contextmanager
    def _connection(self, url: str) -> Iterator[ServerConnection]:
        key = origin(url)
        with self._lock:
            idle = self._idle.setdefault(key, [])
            connection = idle.pop() if idle else None
        if connection is None:
            connection = self._connect(key)
        reusable = False
        try:
            yield connection
            reusable = True
        finally:
            with self._lock:
                idle = self._idle.setdefault(key, [])
                reusable = reusable and not self._closed and len(idle) < self._options.parallel
                if reusable:
                    idle.append(connection)
                else:
                    self._open.discard(connection)
            if not reusable:
                connection.close()

    def _connect(self, url: str) -> ServerConnection:
        try:
            with self._lock:
                if url not in self._contexts:
                    self._contexts[url] = make_ssl_context(self._options.environ, url)
                context = self._contexts[url]
            connection = ServerConnection(url, context, timeouts=self._options.timeouts, keep_alive=1)
        except NetworkSettingError as error:
            raise RegistryUnreachableError(str(error), hint=error.hint) from error
        with self._lock:
            self._open.add(connection)
        return connection


def origin(url: str) -> str:
    """Scheme, host and port of an address: credentials never go from one origin to another.

    Raises:
        ValueError: It is not an address.
    """
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme, 0)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}:{port}"


def is_protected(url: str) -> bool:
    """Whether an address may be used: https, or http to this machine."""
    try:
        parts = urlsplit(url)
        origin(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url)))


def _refuse_clear_text(url: str) -> None:
    if not is_protected(url):
        msg = f"The registry at {urlsplit(url).netloc} must be used through https."
        raise RegistryUnreachableError(msg, hint="http is allowed only for localhost, 127.0.0.1 and [::1].")


def _arguments(
    request: RegistryRequest, authorization: SecretText | None, body: Iterator[bytes] | None
) -> dict[str, object]:
    headers = {"accept-encoding": "identity", **request.headers}
    content: object = body or request.content or None
    if request.body is not None:
        headers["content-length"] = str(request.body.size)
    elif request.method in {"POST", "PUT", "PATCH"}:
        headers["content-length"] = str(len(request.content))
    if authorization is not None:
        headers["authorization"] = authorization.reveal()
    return {"method": request.method, "url": request.url, "headers": headers, "content": content}
