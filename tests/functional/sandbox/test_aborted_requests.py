"""A request whose client disconnects leaves nothing behind: no traceback, no file, no change."""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from sandbox.faults import Scenario
from tests.support.repetitions import exhaustive_except
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox
from tests.support.sandbox.settings_client import MINIMAL, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLUGINS = "/settings/v2/plugins"
CODE_PART = b'--b\r\nContent-Disposition: form-data; name="code"; filename="x.zip"\r\n\r\n' + b"x" * 100_000
CONFIG_PART = b'--b\r\nContent-Disposition: form-data; name="config"\r\n\r\n{"name": "half'
RESET = struct.pack("ii", 1, 0)


@pytest.fixture(scope="module", params=["plain", "with the gate of faults"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    faults = None if request.param == "plain" else Scenario()
    with running_sandbox(tmp_path_factory.mktemp("local-biot"), faults=faults) as sandbox:
        settings = settings_of(sandbox)
        with settings.http:
            assert settings.create(MINIMAL, None).status_code == 201
        yield sandbox


def leave(connection: socket.socket) -> None:
    connection.close()


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()


def half_close(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(5)
    while connection.recv(65_536):
        pass
    connection.close()


@dataclass(frozen=True)
class Cut:
    """A request that ends before it is complete."""

    method: str
    path: str
    length: str
    sent: bytes

    def __str__(self) -> str:
        return f"{self.method}{self.path} {self.length} {len(self.sent)}"

    def data(self, base_url: str, token: str) -> bytes:
        """The bytes that are sent before the client disconnects."""
        sent = self.sent
        if "chunked" in self.length and sent:
            sent = f"{len(sent) + 10:x}\r\n".encode() + sent
        head = (
            f"{self.method} {self.path} HTTP/1.1\r\nHost: {base_url.removeprefix('http://')}\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: multipart/form-data; boundary=b\r\n{self.length}\r\n\r\n"
        )
        return head.encode() + sent


CUTS = [
    Cut(method, path, length, sent)
    for (method, path), length, sent in product(
        [
            ("POST", PLUGINS),
            ("PATCH", f"{PLUGINS}/Plugin-age"),
            ("PUT", f"{PLUGINS}/Plugin-age"),
            ("POST", "/ums/v2/users/login"),
            ("POST", "/dispatcher/v1/hooks/notifications/subscribe"),
            ("GET", PLUGINS),
        ],
        ["Content-Length: 900000", "Transfer-Encoding: chunked"],
        [b"", CODE_PART, CONFIG_PART],
    )
]


def is_plain(cut: Cut) -> bool:
    """Whether plain tox runs it: a part of an upload, to every method of a plugin."""
    return cut.path.startswith(PLUGINS) and cut.sent == CODE_PART


@pytest.mark.parametrize("end", [leave, reset, half_close])
@pytest.mark.parametrize("cut", exhaustive_except(CUTS, is_plain), ids=str)
def test_an_aborted_request_leaves_nothing_behind(
    running: Sandbox, caplog: pytest.LogCaptureFixture, cut: Cut, end: Callable[[socket.socket], None]
) -> None:
    address = urlsplit(running.base_url)
    connection = socket.create_connection((str(address.hostname), int(address.port or 0)))
    connection.sendall(cut.data(running.base_url, running.token()))
    end(connection)
    code = Path(f"{running.running.state.database.file}.code")
    deadline = time.monotonic() + 10
    while (left := list(code.glob("*"))) and time.monotonic() < deadline:
        time.sleep(0.01)

    assert running.call("GET", f"{PLUGINS}/Plugin-age", token=running.token()).body["version"] == 1
    assert left == []
    assert [record.getMessage() for record in caplog.records] == []
