"""An endpoint that BioT calls: a small HTTP server that answers as a test says and records what it received."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.support.servers.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True, kw_only=True)
class ReceivedCall:
    """A call that the endpoint received.

    Attributes:
        hooktype: The header ``hooktype``.
        headers: All headers, with names in lower case.
        body: The JSON of the body, or the text if it is not JSON.
    """

    hooktype: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the endpoint answers; ``body`` is sent as JSON, or as it is when it is bytes."""

    status: int = 200
    body: object = None
    content_type: str = "application/json"


def echo(call: ReceivedCall) -> Reply:
    """Answer as a generated plugin that changes nothing."""
    key = {"INTERCEPTOR_PRE": "request", "NOTIFICATION": ""}.get(call.hooktype, "response")
    return Reply(body={key: call.body[key]} if key else None)


class HookEndpoint:
    """A running endpoint.

    Attributes:
        url: Its address.
        calls: What it received, in order.
        respond: Makes the answer to a call; a test replaces it.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls: list[ReceivedCall] = []
        self.respond: Callable[[ReceivedCall], Reply] = echo
        self._arrived = threading.Condition()

    def receive(self, call: ReceivedCall) -> Reply:
        """Record a call and return the answer."""
        with self._arrived:
            self.calls.append(call)
            self._arrived.notify_all()
        return self.respond(call)

    def wait_for(self, count: int, seconds: float = 10) -> list[ReceivedCall]:
        """Return all calls as soon as there are so many."""
        end = time.monotonic() + seconds
        with self._arrived:
            while len(self.calls) < count and (left := end - time.monotonic()) > 0:
                self._arrived.wait(left)
            assert len(self.calls) >= count, f"{len(self.calls)} calls of {count} arrived"
            return list(self.calls)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    endpoint: HookEndpoint

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: a client may close its connection whenever it wants."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = 5

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            body = json.loads(data)
        except ValueError:
            body = data.decode("utf-8", "replace")
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = ReceivedCall(hooktype=headers.get("hooktype", ""), headers=headers, body=body)
        reply = self.server.endpoint.receive(call)
        content = reply.body if isinstance(reply.body, bytes) else b"" if reply.body is None else _json(reply.body)
        self.send_response(reply.status)
        self.send_header("content-type", reply.content_type)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
        """Print nothing."""


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


@contextmanager
def hook_endpoint() -> Iterator[HookEndpoint]:
    """Run an endpoint on a free port."""
    with serving(_Server(("127.0.0.1", 0), _Handler)) as server:
        server.endpoint = HookEndpoint(f"http://127.0.0.1:{server.server_port}/")
        yield server.endpoint
