"""A proxy on loopback that forwards requests to another server and alters the responses."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.support.servers.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

_OWN_HEADERS = {"connection", "content-length", "transfer-encoding", "server", "date"}


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request and its response."""

    method: str
    path: str
    status: int
    body: bytes
    reason: str = "OK"
    headers: tuple[tuple[str, str], ...] = ()


Alter = Callable[[Exchange], Exchange]


def as_it_is(exchange: Exchange) -> Exchange:
    """Change nothing."""
    return exchange


@dataclass
class AlteringProxy:
    """The proxy; ``alter`` may be replaced between requests; ``exchanges`` are the unaltered ones."""

    base_url: str
    upstream: str
    alter: Alter = as_it_is
    exchanges: list[Exchange] = field(default_factory=list)


class _Server(ThreadingHTTPServer):
    proxy: AlteringProxy


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def _forward(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        upstream = http.client.HTTPConnection(urlsplit(proxy.upstream).netloc, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}}
        upstream.request(self.command, self.path, body=body, headers=headers)
        answer = upstream.getresponse()
        response_headers = tuple(
            (name, value) for name, value in answer.getheaders() if name.lower() not in _OWN_HEADERS
        )
        exchange = Exchange(
            method=self.command,
            path=self.path,
            status=answer.status,
            body=answer.read(),
            reason=answer.reason,
            headers=response_headers,
        )
        upstream.close()
        proxy.exchanges.append(exchange)
        self._answer(proxy.alter(exchange))

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _forward  # noqa: N815 - the base class names them so

    def _answer(self, exchange: Exchange) -> None:
        self.send_response(exchange.status, exchange.reason)
        for name, value in exchange.headers:
            self.send_header(name, value)
        if exchange.status != http.client.NO_CONTENT:
            self.send_header("content-length", str(len(exchange.body)))
        self.end_headers()
        self.wfile.write(exchange.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Keep the test output quiet."""


@contextmanager
def altering_proxy(upstream: str) -> Iterator[AlteringProxy]:
    """Forward requests to ``upstream`` while a ``with`` block runs."""
    with serving(_Server(("127.0.0.1", 0), _Handler)) as server:
        server.proxy = AlteringProxy(base_url=f"http://127.0.0.1:{server.server_address[1]}", upstream=upstream)
        yield server.proxy
