"""AWS Lambda's Runtime API on loopback: it sends events to a runtime client and collects the handler's responses.

Source: AWS, "Using the Lambda runtime API", version 2018-06-01. Only what a runtime client needs is implemented.
"""

from __future__ import annotations

import json
import queue
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.support.servers.serving import serving

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

PREFIX = "/2018-06-01/runtime"


@dataclass(frozen=True)
class Invocation:
    """A call of the function: the event, and the time that the function may take."""

    event: object
    timeout_seconds: int = 30
    request_id: str = field(default_factory=lambda: str(uuid4()))


class RuntimeApi(ThreadingHTTPServer):
    """Serves one runtime client."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.waiting: queue.Queue[Invocation] = queue.Queue()
        self.outcomes: queue.Queue[tuple[str, object]] = queue.Queue()

    @property
    def address(self) -> str:
        """The value of AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self.server_address[1]}"

    def invoke(self, event: object, *, patience_seconds: float = 30) -> object:
        """Send an event to the function and wait for its response.

        Raises:
            RuntimeError: The function reported an error.
            queue.Empty: There was no response in time.
        """
        self.waiting.put(Invocation(event))
        kind, answer = self.outcomes.get(timeout=patience_seconds)
        if kind != "response":
            message = f"the function failed: {kind}: {answer}"
            raise RuntimeError(message)
        return answer

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore errors: a runtime client that ends drops its connection."""


class _Handler(BaseHTTPRequestHandler):
    server: RuntimeApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if self.path != f"{PREFIX}/invocation/next":
            self._answer(404, b"{}")
            return
        invocation = self.server.waiting.get()
        self._answer(
            200,
            json.dumps(invocation.event).encode(),
            {
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + invocation.timeout_seconds) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:000000000000:function:Plugin-test",
                "Lambda-Runtime-Trace-Id": "Root=1-00000000-000000000000000000000000;Sampled=0",
            },
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        answer = json.loads(body) if body else None
        kind = self.path.rsplit("/", 1)[-1]
        self.server.outcomes.put(("init error" if self.path == f"{PREFIX}/init/error" else kind, answer))
        self._answer(202, b"{}")

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Print nothing, to keep the test output short."""


def running_runtime_api() -> AbstractContextManager[RuntimeApi]:
    """Serve on a free loopback port for as long as a ``with`` block runs."""
    return serving(RuntimeApi())
