"""Connections to one server: the only module that imports httpx.

An exchange never repeats a request and never follows a redirect. It ends in a response, in
``UndeliveredError`` (nothing was processed) or in ``LostResponseError`` (the outcome is unknown).
"""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from builder import __version__
from builder.network.certificates import NetworkSettingError, is_loopback
from builder.quoting import printable

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping

    import httpx


class UndeliveredError(Exception):
    """No connection: the request was certainly not processed. The message is part of a sentence."""


class LostResponseError(Exception):
    """The request may have been processed, and no complete response came. The message is part of a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionTimeouts:
    """Seconds to connect, and to wait for the next bytes while reading and writing."""

    connect: float = 10.0
    read: float = 30.0
    write: float = 30.0


class ServerConnection:
    """Connections to one server, for one request at a time.

    Args:
        base_url: Scheme, host and port; decides whether the proxies of the environment are used.
        context: Certificates, of ``make_ssl_context``.
        timeouts: For every wait.
        keep_alive: How many idle connections are kept for the next requests.

    Raises:
        NetworkSettingError: The proxy in the environment variables cannot be used.
    """

    def __init__(
        self, base_url: str, context: ssl.SSLContext, *, timeouts: ConnectionTimeouts, keep_alive: int
    ) -> None:
        _lighten_httpx()
        import httpx

        self._sockets: list[Any] = []
        try:
            self._client = httpx.Client(
                verify=context,
                # Requests to this machine must not pass a proxy.
                trust_env=not is_loopback(base_url),
                follow_redirects=False,
                timeout=httpx.Timeout(connect=timeouts.connect, read=timeouts.read, write=timeouts.write, pool=1.0),
                limits=httpx.Limits(max_keepalive_connections=keep_alive),
                headers={"user-agent": f"biot-plugin-kit/{__version__}", "accept-encoding": "gzip"},
            )
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            msg = f"The proxy in the environment variables cannot be used: {printable(str(error), 300)}"
            hint = "Set HTTPS_PROXY to an http:// or https:// address, or unset it."
            raise NetworkSettingError(msg, hint=hint) from error

    @contextmanager
    def exchange(self, arguments: Mapping[str, Any], *, seconds: float) -> Iterator[httpx.Response]:
        """Send one request, and read the response inside of the block.

        Args:
            arguments: Of ``httpx.Client.stream``.
            seconds: For the whole exchange, the reading included.

        Raises:
            UndeliveredError: It was certainly not processed.
            LostResponseError: It may have been processed.
        """
        import httpx

        # httpx has no limit for the whole exchange: a server that sends a byte now and then could block forever.
        watch = threading.Timer(seconds, self._shut_down_sockets)
        watch.daemon = True
        watch.start()
        try:
            with self._client.stream(**arguments, extensions={"trace": self._remember_socket}) as response:
                yield response
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
                f"no complete response after {seconds:.0f} seconds" if timed_out else _lost_reason(error)
            ) from error
        finally:
            watch.cancel()

    def abort(self) -> None:
        """End the exchange that another thread is waiting for."""
        self._shut_down_sockets()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

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
    if "httpx" not in sys.modules:
        # None marks a module as missing in Python; httpx handles that.
        sys.modules["httpx._main"] = None  # type: ignore[assignment]


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
