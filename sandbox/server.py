"""A local BioT on a real socket, in a thread: the command line and the tests start it in the same way."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import socket
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self

import uvicorn

from builder.errors import SandboxError
from sandbox import PORT
from sandbox.app import create_app
from sandbox.clock import Clock, SystemClock
from sandbox.database import Database
from sandbox.instance_state import InstanceState, SandboxSettings
from sandbox.settings.startup_repair import repair_plugins
from sandbox.signing_keys import SigningKeys
from sandbox.single_instance import lock_folder
from sandbox.web.guard import HEADERS_MAX
from sandbox.web.request_log import RequestLog

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import ASGIApp

    from sandbox.faults import FaultGate, Scenario

HOST = "127.0.0.1"
"""Never anything else: what listens on a network is no laptop's BioT any more."""
DATABASE_FILE = "biot.sqlite"

_POLL_SECONDS = 0.005
_GRACE_SECONDS = 5
"""So long requests may take to end when the local BioT stops."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerOptions:
    """How to start a local BioT.

    Attributes:
        folder: Where its data lies.
        port: On loopback; 0 takes a free one.
        fresh: Remove everything that was there.
        clock: What time it believes it is.
        rotate_key: Sign tokens with a new key from now on.
        log: Gets one line per request: method, path, status and time, never a query, header or body.
        faults: A scenario, also an empty one, puts the gate of faults before the application; None leaves it away.
    """

    folder: Path
    port: int = PORT
    fresh: bool = False
    clock: Clock = field(default_factory=SystemClock)
    rotate_key: bool = False
    log: Callable[[str], None] | None = None
    faults: Scenario | None = None


class RunningServer:
    """A local BioT that answers until ``stop``; also a context manager.

    Attributes:
        base_url: Where it answers.
        state: What it holds.
        gate: Where faults come through; None when it was started without.
    """

    def __init__(self, state: InstanceState, gate: FaultGate | None, served: _Served, resources: ExitStack) -> None:
        self.base_url = state.settings.base_url
        self.state = state
        self.gate = gate
        self._served = served
        self._resources = resources

    def wait(self) -> None:
        """Return when nothing answers any more, which only ``stop`` or the end of the process brings about."""
        self._served.thread.join()

    def answers_after(self, seconds: float) -> bool:
        """Wait so long, or until nothing answers any more; whether it still does."""
        self._served.thread.join(seconds)
        return self._served.thread.is_alive()

    def stop(self) -> None:
        """End open requests, close the database and free port and folder. A second time does nothing."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(options: ServerOptions) -> RunningServer:
    """Start a local BioT and return when it answers.

    Raises:
        SandboxError: The port is taken, another one has the data, or the data cannot be read.
    """
    with ExitStack() as resources:
        resources.enter_context(lock_folder(options.folder))
        if options.fresh:
            _forget(options.folder / DATABASE_FILE)
        database = Database(options.folder / DATABASE_FILE)
        resources.callback(database.close)
        database.migrate()
        listener = resources.enter_context(_listening(options.port))
        base_url = f"http://{HOST}:{listener.getsockname()[1]}"
        keys = SigningKeys(database)
        if options.rotate_key:
            keys.rotate()
        state = InstanceState(
            database=database, clock=options.clock, keys=keys, settings=SandboxSettings(base_url=base_url)
        )
        repair_plugins(state)
        app = create_app(state)
        gate = _gate(options, database)
        told = RequestLog(app, options.log) if options.log else app
        served = _Served(told, listener, gate.protocol() if gate else "h11")
        resources.callback(served.end)
        return RunningServer(state, gate, served, resources.pop_all())


def _forget(file: Path) -> None:
    """Remove a local BioT's own files; whatever else lies in the folder stays."""
    from sandbox.settings.code.code_store import CodeStore

    try:
        shutil.rmtree(CodeStore.beside(Database(file)).folder, ignore_errors=True)
        for one in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
            one.unlink(missing_ok=True)
    except OSError as error:
        msg = f"The local BioT's data cannot be removed: {error}."
        raise SandboxError(msg, hint="Check the permissions of its folder.") from error


def _gate(options: ServerOptions, database: Database) -> FaultGate | None:
    if options.faults is None:
        return None
    from sandbox.faults import FaultGate

    return FaultGate(options.faults, database, options.clock)


def _listening(port: int) -> socket.socket:
    # With the protocol named, asyncio sends small answers at once (TCP_NODELAY); without, each waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere the option would let two programs share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(socket.SOMAXCONN)
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        reason = "another program uses it" if taken else f"the system refuses it: {error.strerror}"
        msg = f"The local BioT cannot have port {port}: {reason}."
        raise SandboxError(msg, hint="Choose another with --port, or --port 0 for a free one.") from error
    return listener


class _Served:
    """An application that answers on a socket, in a thread."""

    def __init__(self, app: ASGIApp, listener: socket.socket, http: type[asyncio.Protocol] | Literal["h11"]) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        config = uvicorn.Config(
            app,
            access_log=False,
            h11_max_incomplete_event_size=HEADERS_MAX,
            http=http,
            lifespan="off",
            log_config=None,
            loop="asyncio",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            ws="none",
        )
        self._server = uvicorn.Server(config)
        arguments = {"sockets": [listener]}
        self.thread = threading.Thread(target=self._server.run, kwargs=arguments, name="local-biot", daemon=True)
        self.thread.start()
        while not self._server.started and self.thread.is_alive():
            time.sleep(_POLL_SECONDS)

    def end(self) -> None:
        self._server.should_exit = True
        self.thread.join()
