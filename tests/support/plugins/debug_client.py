"""A debugger for Python: as much of the Debug Adapter Protocol as attaching and one breakpoint need."""

from __future__ import annotations

import json
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

DEADLINE = 60.0


class DebugClient:
    """Attached to debugpy.

    Args:
        connection: To its port.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._number = 0
        self._events: list[dict[str, Any]] = []

    def attach(self, breakpoints: dict[str, int]) -> None:
        """Attach, and let the program go on with a breakpoint in each of these files.

        Args:
            breakpoints: A file as the program sees it, and a line.
        """
        self.request("initialize", adapterID="test", pathFormat="path")
        attached = self.send("attach", justMyCode=False)
        self.event("initialized")
        for path, line in breakpoints.items():
            self.request("setBreakpoints", source={"path": path}, breakpoints=[{"line": line}])
        self.request("configurationDone")
        self.answer(attached)

    def evaluate_at_stop(self, expression: str) -> str:
        """Wait until a thread stops, return the value of an expression there, and let it go on after ``pause``."""
        thread = self.event("stopped")["body"]["threadId"]
        frame = self.request("stackTrace", threadId=thread)["stackFrames"][0]["id"]
        value: str = self.request("evaluate", expression=expression, frameId=frame)["result"]
        self._thread = thread
        return value

    def go_on(self) -> None:
        """Let the stopped thread go on."""
        self.request("continue", threadId=self._thread)

    def request(self, command: str, **arguments: object) -> Any:  # noqa: ANN401 - any JSON
        """Send a request and return the body of its answer."""
        return self.answer(self.send(command, **arguments))

    def send(self, command: str, **arguments: object) -> int:
        """Send a request and return its number."""
        self._number += 1
        body = {"seq": self._number, "type": "request", "command": command, "arguments": arguments}
        data = json.dumps(body).encode()
        self._connection.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
        return self._number

    def answer(self, number: int) -> Any:  # noqa: ANN401 - any JSON
        """Wait for the answer to a request and return its body."""
        while True:
            message = self._read()
            if message["type"] == "response" and message["request_seq"] == number:
                assert message["success"], message
                return message.get("body")
            if message["type"] == "event":
                self._events.append(message)

    def event(self, name: str) -> dict[str, Any]:
        """Wait for an event and return it."""
        while True:
            for message in self._events:
                if message["event"] == name:
                    self._events.remove(message)
                    return message
            message = self._read()
            if message["type"] == "event":
                self._events.append(message)

    def _read(self) -> dict[str, Any]:
        length = 0
        while (line := self._stream.readline()).strip():
            name, _, value = line.decode().partition(":")
            length = int(value) if name == "Content-Length" else length
        assert line, "the debugger closed the connection"
        message: dict[str, Any] = json.loads(self._stream.read(length))
        return message


@contextmanager
def debug_client(port: int) -> Iterator[DebugClient]:
    """Connect to debugpy as soon as it listens."""
    with connected(port) as connection:
        yield DebugClient(connection)


def connected(port: int) -> socket.socket:
    """A connection to a port of loopback, as soon as something listens there."""
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, f"nothing listens on port {port}"
            time.sleep(0.05)
