"""A server on loopback that sends the given bytes, also those that no HTTP library would send."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """One request as it was received."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def reply(status: int, document: object = None, *, head: str = "", body: bytes | None = None) -> bytes:
    """An HTTP response with a JSON body (or these bytes) and the right length."""
    content = body if body is not None else b"" if document is None else json.dumps(document).encode()
    lines = f"HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n{head}\r\n"
    return lines.encode() + content


def failure(status: int, code: str, *, head: str = "", **details: object) -> bytes:
    """A complete error response of BioT."""
    document = {
        "code": code,
        "message": f"It is {code}",
        "serviceName": "settings",
        "traceId": "7f",
        "details": details,
    }
    return reply(status, document, head=head)


def reset(connection: socket.socket) -> None:
    """Cut the connection so that the client sees a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())


class RawServer:
    """Answers each request with the next item of its script, and repeats the last one.

    Args:
        script: Bytes to send, or functions that get the connection after a request was read whole.
    """

    def __init__(self, *script: bytes | Callable[[socket.socket], None]) -> None:
        self.requests: list[Received] = []
        self.connections = 0
        self._script = list(script)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection.makefile("rb") as stream:
                while line := stream.readline().decode():
                    method, path, _ = line.split(" ", 2)
                    headers = {}
                    while (header := stream.readline().decode().strip()) != "":
                        name, _, value = header.partition(":")
                        headers[name.lower()] = value.strip()
                    body = stream.read(int(headers.get("content-length", "0")))
                    self.requests.append(Received(method=method, path=path, headers=headers, body=body))
                    said = self._script.pop(0) if len(self._script) > 1 else self._script[0]
                    if callable(said):
                        said(connection)
                    else:
                        connection.sendall(said)
        except OSError:
            return
