"""One HTTP exchange with one environment of BioT: the only module that uses httpx.

It never repeats a request and never follows a redirect. An exchange ends in an ``HttpResponse``, in
``UndeliveredError`` (nothing was processed) or in ``LostResponseError`` (the outcome is unknown).
"""

from __future__ import annotations

import json
import socket
import threading
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from builder import __version__
from builder.manifest.rules.base_url import base_url_problem
from builder.publishing.api.certificates import is_loopback, make_ssl_context
from builder.publishing.api.http_response import HttpResponse
from builder.publishing.failures import Unreachable
from builder.quoting import printable

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Mapping

    import httpx

    from builder.publishing.api.request_bodies import MultipartBody
    from builder.publishing.api_values import SecretText, TargetEnvironment

_CHUNK = 64 * 1024
_GZIP = zlib.MAX_WBITS | 16


class UndeliveredError(Exception):
    """No connection: the request was certainly not processed. The message is part of a sentence."""


class LostResponseError(Exception):
    """The request may have been processed, and no complete response came. The message is part of a sentence."""


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
        self._clients: dict[bool, httpx.Client] = {}
        self._sockets: list[Any] = []
        self._context: ssl.SSLContext | None = None

    def exchange(
        self, request: HttpRequest, *, bearer: SecretText | None = None, body: MultipartBody | None = None
    ) -> HttpResponse:
        """Send one request and read the complete response.

        Raises:
            UndeliveredError: It was certainly not processed.
            LostResponseError: It may have been processed.
        """
        _lighten_httpx()
        import httpx

        client = self._client(request.changes)
        limits = self._limits[request.changes]
        # httpx has no limit for the whole exchange: a server that sends a byte now and then could block forever.
        watch = threading.Timer(limits.total, self._shut_down_sockets)
        watch.daemon = True
        watch.start()
        try:
            with client.stream(**self._arguments(request, bearer, body)) as response:
                return _read_response(response, limits)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise UndeliveredError(_undelivered_reason(error)) from error
        except httpx.LocalProtocolError:
            # Its message may quote a header, and a header may be a credential.
            msg = "the request is not valid HTTP"
            raise LostResponseError(msg) from None
        except OSError as error:
            msg = f"the file could not be read completely ({printable(str(error), 120)})"
            raise LostResponseError(msg) from error
        except (httpx.TransportError, httpx.StreamError) as error:
            timed_out = watch.finished.is_set()
            raise LostResponseError(
                f"no complete response after {limits.total:.0f} seconds" if timed_out else _lost_reason(error)
            ) from error
        finally:
            watch.cancel()

    def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

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
            "extensions": {"trace": self._remember_socket},
        }

    def _client(self, changes: bool) -> httpx.Client:
        import httpx

        if changes in self._clients:
            return self._clients[changes]
        limits = self._limits[changes]
        loopback = is_loopback(self.target.base_url)
        try:
            client = httpx.Client(
                verify=self._ssl_context(),
                # Requests to this machine must not pass a proxy.
                trust_env=not loopback,
                follow_redirects=False,
                timeout=httpx.Timeout(connect=limits.connect, read=limits.read, write=limits.write, pool=1.0),
                # A change never uses an idle connection that may have been closed by the other side.
                limits=httpx.Limits(max_keepalive_connections=0 if changes else 2),
                headers={"user-agent": f"biot-plugin-kit/{__version__}", "accept-encoding": "gzip"},
            )
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            msg = f"The proxy in the environment variables cannot be used: {printable(str(error), 300)}"
            raise Unreachable(msg, hint="Set HTTPS_PROXY to an http:// or https:// address, or unset it.") from error
        self._clients[changes] = client
        return client

    def _ssl_context(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = make_ssl_context(self._environ, self.target.base_url)
        return self._context

    def _remember_socket(self, event: str, info: Mapping[str, Any]) -> None:
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._sockets.append(info["return_value"].get_extra_info("socket"))
            del self._sockets[:-4]

    def _shut_down_sockets(self) -> None:
        # A copy: the next exchange may already open its own connection.
        for connection in tuple(self._sockets):
            with suppress(OSError):
                # Not SSLSocket.shutdown: another thread reads from it.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _lighten_httpx() -> None:
    """Keep httpx from importing its command line with rich and pygments.

    Starting Python and importing httpx takes 0.24 s of processor time instead of 0.48 s.
    """
    import sys

    if "httpx" not in sys.modules:
        # None marks a module as missing in Python; httpx handles that.
        sys.modules["httpx._main"] = None  # type: ignore[assignment]


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


def _undelivered_reason(error: Exception) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        reason = text.rpartition("certificate verify failed:")[2].partition("(_ssl")[0].strip()
        return f"its certificate is not trusted ({printable(reason, 120)})"
    if "Errno -2" in text or "Errno 8" in text or "Errno -3" in text or "Errno -5" in text:
        return "the host name cannot be resolved"
    if "Connection refused" in text:
        return "the connection was refused"
    if "timed out" in text:
        return "the connection timed out"
    return printable(text, 160) or "no connection"


def _lost_reason(error: Exception) -> str:
    name = type(error).__name__
    if "Timeout" in name:
        return "the request timed out"
    if name in {"ReadError", "WriteError", "CloseError"}:
        return "the connection was closed"
    return f"the response broke off or is not HTTP ({printable(str(error), 120)})"
