"""One HTTP exchange with one environment of BioT.

It never repeats a request and never follows a redirect. An exchange ends in an ``HttpResponse``, in
``UndeliveredError`` (nothing was processed) or in ``LostResponseError`` (the outcome is unknown).
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from builder.manifest.rules.base_url import base_url_problem
from builder.network.certificates import NetworkSettingError, make_ssl_context
from builder.network.server_connection import ConnectionTimeouts, LostResponseError, ServerConnection
from builder.publishing.api.http_response import HttpResponse
from builder.publishing.failures import Unreachable
from builder.quoting import printable

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Mapping

    import httpx

    from builder.network.secret_text import SecretText
    from builder.publishing.api.request_bodies import MultipartBody
    from builder.publishing.api_values import TargetEnvironment

_CHUNK = 64 * 1024
_GZIP = zlib.MAX_WBITS | 16


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestLimits:
    """Limits of one exchange: seconds, and bytes of a response after decompression."""

    connect: float = 10.0
    read: float = 30.0
    write: float = 30.0
    total: float = 60.0
    response_bytes: int = 16 * 1024 * 1024


QUERY_LIMITS = RequestLimits()
CHANGE_LIMITS = RequestLimits(read=180.0, write=60.0, total=1800.0)
"""BioT deploys a function while the client waits, and uploading 50 MB over a slow line takes minutes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpRequest:
    """One request.

    Attributes:
        method: The HTTP method.
        path: Relative to the base URL, already quoted.
        query: Query parameters.
        document: JSON body, or None.
        changes: Whether it changes something on BioT, so that it must never be repeated blindly.
        rolls_back: Whether BioT documents that it undoes the request on failure.
        permission: The permission that the caller needs, for messages; empty for public calls.
    """

    method: str
    path: str
    query: Mapping[str, str] | None = None
    document: Mapping[str, object] | None = None
    changes: bool = False
    rolls_back: bool = False
    permission: str = ""


class HttpTransport:
    """Connections to one environment.

    Args:
        target: Its address is https, or http to this machine.
        environ: The process's environment, which may name certificates (``SSL_CERT_FILE``, ``REQUESTS_CA_BUNDLE``).
        query_limits: For requests that change nothing.
        change_limits: For requests that change something.

    Raises:
        Unreachable: The address is not safe for credentials, or the named certificates cannot be read.
    """

    def __init__(
        self,
        target: TargetEnvironment,
        environ: Mapping[str, str],
        *,
        query_limits: RequestLimits = QUERY_LIMITS,
        change_limits: RequestLimits = CHANGE_LIMITS,
    ) -> None:
        if reason := base_url_problem(target.base_url):
            msg = f"{printable(target.base_url, 100)} is not a valid address for BioT. {reason}"
            raise Unreachable(msg, hint=f"Fix baseUrl of [environments.{target.name}] in plugin.toml.")
        self.target = target
        self.host = urlsplit(target.base_url).netloc
        self._environ = environ
        self._limits = {False: query_limits, True: change_limits}
        self._connections: dict[bool, ServerConnection] = {}
        self._context: ssl.SSLContext | None = None

    def exchange(
        self, request: HttpRequest, *, bearer: SecretText | None = None, body: MultipartBody | None = None
    ) -> HttpResponse:
        """Send one request and read the complete response.

        Raises:
            UndeliveredError: It was certainly not processed.
            LostResponseError: It may have been processed.
        """
        limits = self._limits[request.changes]
        arguments = self._arguments(request, bearer, body)
        with self._connection(request.changes).exchange(arguments, seconds=limits.total) as response:
            return _read_response(response, limits)

    def close(self) -> None:
        """Close every connection."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def _arguments(self, request: HttpRequest, bearer: SecretText | None, body: MultipartBody | None) -> dict[str, Any]:
        headers = {"accept": "application/json"}
        content: bytes | Iterable[bytes] | None = None
        if bearer is not None:
            headers["authorization"] = f"Bearer {bearer.reveal()}"
        if body is not None:
            content = body
            headers |= {"content-type": body.content_type, "content-length": str(body.size)}
        elif request.document is not None:
            content = json.dumps(request.document).encode()
            headers["content-type"] = "application/json"
        return {
            "method": request.method,
            "url": f"{self.target.base_url.rstrip('/')}{request.path}",
            "params": request.query,
            "headers": headers,
            "content": content,
        }

    def _connection(self, changes: bool) -> ServerConnection:
        if changes not in self._connections:
            limits = self._limits[changes]
            timeouts = ConnectionTimeouts(connect=limits.connect, read=limits.read, write=limits.write)
            # A change never uses an idle connection that may have been closed by the other side.
            keep_alive = 0 if changes else 2
            try:
                context = self._ssl_context()
                connection = ServerConnection(self.target.base_url, context, timeouts=timeouts, keep_alive=keep_alive)
            except NetworkSettingError as error:
                raise Unreachable(str(error), hint=error.hint) from error
            self._connections[changes] = connection
        return self._connections[changes]

    def _ssl_context(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = make_ssl_context(self._environ, self.target.base_url)
        return self._context


def _read_response(response: httpx.Response, limits: RequestLimits) -> HttpResponse:
    headers = {name.lower(): value for name, value in response.headers.items()}
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", ""}:
        msg = "the response has a content encoding that was not requested"
        raise LostResponseError(msg)
    body = bytearray()
    decompressor = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
    for chunk in response.iter_raw(_CHUNK):
        room = limits.response_bytes + 1 - len(body)
        body += _decompress(decompressor, chunk, room) if decompressor else chunk
        if len(body) > limits.response_bytes:
            msg = f"the response is larger than {limits.response_bytes // 1024**2} MB"
            raise LostResponseError(msg)
    if decompressor is not None and not decompressor.eof and body:
        msg = "the response is incomplete"
        raise LostResponseError(msg)
    return HttpResponse(status=response.status_code, headers=headers, body=bytes(body))


def _decompress(decompressor: zlib._Decompress, chunk: bytes, room: int) -> bytes:
    try:
        return decompressor.decompress(chunk, max_length=room)
    except zlib.error as error:
        msg = "the response is not valid gzip"
        raise LostResponseError(msg) from error
