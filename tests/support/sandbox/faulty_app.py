"""A small application behind the fault gate, on a real socket, in a thread."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import uvicorn

from sandbox.database import Database
from sandbox.fault_control.gated_protocol import gated_protocol
from sandbox.faults import FaultGate, Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

NOW = datetime(2026, 11, 20, 21, 0, 0, tzinfo=UTC)
EXPIRATION = "2026-11-20T21:30:00.000Z"


class FixedClock:
    def now(self) -> datetime:
        return NOW


class RecordingApp:
    """An application that answers JSON and records the requests that took effect: method, path and body."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.requests.append((scope["method"], scope["path"], body))
        plugin = {
            "name": scope["path"].rpartition("/")[2],
            "version": 3,
            "accessTokenExpiration": EXPIRATION,
            "environmentVariables": {},
            "subscriptions": {"interceptions": [{"type": "ADAPT_ENTITY"}], "notifications": []},
        }
        document = json.dumps(plugin).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(document)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": document})


class Gated:
    """The application with its gate and its socket."""

    def __init__(self, database: Database) -> None:
        self.applied = RecordingApp()
        self.gate = FaultGate(Scenario(), database, FixedClock())
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]


@contextmanager
def gated(folder: Path) -> Iterator[Gated]:
    """Serve the application behind its gate until the block ends."""
    database = Database(folder / "biot.sqlite")
    database.migrate()
    served = Gated(database)
    config = uvicorn.Config(
        served.applied,
        http=gated_protocol(lambda: served.gate),
        lifespan="off",
        log_level="critical",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=asyncio.run, args=(server.serve(sockets=[served.listener]),))
    thread.start()
    try:
        yield served
    finally:
        server.should_exit = True
        thread.join()
        served.listener.close()
        database.close()
