"""One HTTP exchange with one environment of BioT: the only module that knows httpx.

Nothing is repeated here and no redirect is followed. It ends in an ``HttpResponse``, in ``UndeliveredError`` (nothing
was processed) or in ``LostResponseError`` (nobody knows).
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

    from builder.publishing.api.multipart import MultipartBody
    from builder.publishing.api_values import SecretText, TargetEnvironment

_CHUNK = 64 * 1024
_GZIP = zlib.MAX_WBITS | 16


class UndeliveredError(Exception):
    """No connection: the request was certainly not processed. The text is part of a sentence."""


class LostResponseError(Exception):
    """The request may have been processed, and no whole answer came. The text is part of a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestLimits:
    """Seconds, and bytes of an answer after decompression."""

    connect: float = 10.0
    read: float = 30.0
    write: float = 30.0
    whole: float = 60.0
    answer: int = 16 * 1024 * 1024


QUERY_LIMITS = RequestLimits()
CHANGE_LIMITS = RequestLimits(read=180.0, write=60.0, whole=1800.0)
"""BioT publishes a function while the client waits, and 50 MB over a slow line take minutes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpRequest:
    """What is asked.

    Attributes:
        method: HTTP's.
        path: From the root of the environment, already quoted.
        query: Query parameters.
        document: JSON body, or None.
        changes: Whether it changes something on the platform, so that it must never be repeated blindly.
        rolls_back: Whether BioT documents that it undoes the request when it fails.
        permission: What the caller needs, for messages; empty for public calls.
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
        environ: The process's environment: certificates (``SSL_CERT_FILE``, ``REQUESTS_CA_BUNDLE``).
        asking: Limits for requests that change nothing.
        changing: Limits for those that do.

    Raises:
        Unreachable: The address is none for credentials, or the certificates that were named cannot be read.
    """

    def __init__(
        self,
        target: TargetEnvironment,
        environ: Mapping[str, str],
        *,
        asking: RequestLimits = QUERY_LIMITS,
        changing: RequestLimits = CHANGE_LIMITS,
    ) -> None:
        if reason := base_url_problem(target.base_url):
            msg = f"{printable(target.base_url, 100)} is no address for BioT. {reason}"
            raise Unreachable(msg, hint=f"Mend baseUrl of [environments.{target.name}] in plugin.toml.")
        self.target = target
        self.host = urlsplit(target.base_url).netloc
        self._environ = environ
        self._limits = {False: asking, True: changing}
        self._clients: dict[bool, httpx.Client] = {}
        self._sockets: list[Any] = []
        self._context: ssl.SSLContext | None = None

    def exchange(
        self, request: HttpRequest, *, bearer: SecretText | None = None, body: MultipartBody | None = None
    ) -> HttpResponse:
        """Send one request and read its answer whole.

        Raises:
            UndeliveredError: It was certainly not processed.
            LostResponseError: It may have been processed.
        """
        _lighten_httpx()
        import httpx

        client = self._client(request.changes)
        limits = self._limits[request.changes]
        # httpx knows no limit for the whole: a server that sends a byte now and then could hold the caller for ever.
        watch = threading.Timer(limits.whole, self._hang_up)
        watch.daemon = True
        watch.start()
        try:
            with client.stream(**self._arguments(request, bearer, body)) as response:
                return _answer(response, limits)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise UndeliveredError(_why_unconnected(error)) from error
        except httpx.LocalProtocolError:
            # Its text may quote a header, and a header may be a credential.
            msg = "the request could not be sent as it is"
            raise LostResponseError(msg) from None
        except OSError as error:
            msg = f"the file could not be read to its end ({printable(str(error), 120)})"
            raise LostResponseError(msg) from error
        except (httpx.TransportError, httpx.StreamError) as error:
            late = watch.finished.is_set()
            raise LostResponseError(f"no end after {limits.whole:.0f} seconds" if late else _why_lost(error)) from error
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
            "extensions": {"trace": self._remember},
        }

    def _client(self, changes: bool) -> httpx.Client:
        import httpx

        if changes in self._clients:
            return self._clients[changes]
        limits = self._limits[changes]
        loopback = is_loopback(self.target.base_url)
        try:
            client = httpx.Client(
                verify=self._trusted(),
                # What goes to this machine must not be shown to a proxy on the way.
                trust_env=not loopback,
                follow_redirects=False,
                timeout=httpx.Timeout(connect=limits.connect, read=limits.read, write=limits.write, pool=1.0),
                # A change never goes over a connection that may have died while it waited.
                limits=httpx.Limits(max_keepalive_connections=0 if changes else 2),
                headers={"user-agent": f"biot-plugin-kit/{__version__}", "accept-encoding": "gzip"},
            )
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            msg = f"The proxy that the environment names cannot be used: {printable(str(error), 300)}"
            raise Unreachable(msg, hint="Set HTTPS_PROXY to an http:// or https:// address, or unset it.") from error
        self._clients[changes] = client
        return client

    def _trusted(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = make_ssl_context(self._environ, self.target.base_url)
        return self._context

    def _remember(self, event: str, info: Mapping[str, Any]) -> None:
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._sockets.append(info["return_value"].get_extra_info("socket"))
            del self._sockets[:-4]

    def _hang_up(self) -> None:
        # A copy: the next exchange may already open its own connection while those of this one are shut.
        for one in tuple(self._sockets):
            with suppress(OSError):
                # Not SSLSocket's own shutdown: another thread reads from it.
                socket.socket.shutdown(one, socket.SHUT_RDWR)


def _lighten_httpx() -> None:
    """Keep httpx from importing its command line, which brings rich and pygments: a third of its time."""
    import sys

    if "httpx" not in sys.modules:
        # None is how Python itself writes down that a module is not there; httpx is made for that.
        sys.modules["httpx._main"] = None  # type: ignore[assignment]


def _answer(response: httpx.Response, limits: RequestLimits) -> HttpResponse:
    headers = {name.lower(): value for name, value in response.headers.items()}
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", ""}:
        msg = "an answer in an encoding that was not asked for"
        raise LostResponseError(msg)
    body = bytearray()
    unpack = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
    for chunk in response.iter_raw(_CHUNK):
        room = limits.answer + 1 - len(body)
        body += _unpacked(unpack, chunk, room) if unpack else chunk
        if len(body) > limits.answer:
            msg = f"an answer of more than {limits.answer // 1024**2} MB"
            raise LostResponseError(msg)
    if unpack is not None and not unpack.eof and body:
        msg = "an answer that ends in the middle"
        raise LostResponseError(msg)
    return HttpResponse(status=response.status_code, headers=headers, body=bytes(body))


def _unpacked(unpack: zlib._Decompress, chunk: bytes, room: int) -> bytes:
    try:
        return unpack.decompress(chunk, max_length=room)
    except zlib.error as error:
        msg = "an answer that is not the gzip it says"
        raise LostResponseError(msg) from error


def _why_unconnected(error: Exception) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        reason = text.rpartition("certificate verify failed:")[2].partition("(_ssl")[0].strip()
        return f"its certificate is not trusted ({printable(reason, 120)})"
    if "Errno -2" in text or "Errno 8" in text or "Errno -3" in text or "Errno -5" in text:
        return "there is no such host, or the name service does not answer"
    if "Connection refused" in text:
        return "nothing listens there"
    if "timed out" in text:
        return "nothing answers there"
    return printable(text, 160) or "no connection"


def _why_lost(error: Exception) -> str:
    name = type(error).__name__
    if "Timeout" in name:
        return "no answer in time"
    if name in {"ReadError", "WriteError", "CloseError"}:
        return "the connection was cut"
    return f"the answer broke off or is no HTTP ({printable(str(error), 120)})"
