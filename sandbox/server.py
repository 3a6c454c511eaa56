"""A local BioT on a real socket, in a thread. The command line and the tests start it in the same way."""

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
from typing import TYPE_CHECKING, Self

import uvicorn

from builder.errors import SandboxError
from sandbox import PORT
from sandbox.activity.activity_file import FILE_NAME
from sandbox.activity.activity_recorder import ActivityRecorder
from sandbox.app import create_app
from sandbox.background_work import BackgroundWork
from sandbox.clock import Clock, SystemClock
from sandbox.console.console_access import ConsoleAccess
from sandbox.cron.cron_scheduler import CronScheduler
from sandbox.database import Database
from sandbox.entities.seed_data import seed
from sandbox.fault_control.fault_switch import FaultSwitch
from sandbox.fault_control.gated_protocol import gated_protocol
from sandbox.functions.service import FunctionService, ServiceSettings, default_cache
from sandbox.hooks.own_endpoints import OwnEndpoints
from sandbox.hooks.running_hooks import Hooks
from sandbox.instance_state import InstanceState, SandboxSettings
from sandbox.registry.blob_files import BlobFiles
from sandbox.settings.code.code_store import CodeStore
from sandbox.settings.history.version_code import VersionCode
from sandbox.settings.startup_repair import repair_plugins
from sandbox.single_instance import lock_folder
from sandbox.tokens.signing_keys import SigningKeys
from sandbox.web.guard import HEADERS_MAX
from sandbox.web.request_log import RequestLog

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import ASGIApp

    from sandbox.faults import FaultGate, Scenario

HOST = "127.0.0.1"
"""Always loopback: a local BioT must not be reachable from a network."""
DATABASE_FILE = "biot.sqlite"

_POLL_SECONDS = 0.005
_GRACE_SECONDS = 5
"""How long notifications, and then open requests, may take to finish when the local BioT stops."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerOptions:
    """How to start a local BioT.

    Attributes:
        folder: The folder for its data.
        port: The port on loopback; 0 chooses a free one.
        fresh: Whether to delete all existing data first.
        clock: The clock that it uses.
        rotate_key: Whether to sign tokens with a new key from now on.
        log: Called with one line per request: method, path, status and time, never a query, header or body.
        faults: The scenario of the fault gate in front of the application, which may be empty; None starts no gate.
        functions: How the code of plugins is run; None for the defaults.
    """

    folder: Path
    port: int = PORT
    fresh: bool = False
    clock: Clock = field(default_factory=SystemClock)
    rotate_key: bool = False
    log: Callable[[str], None] | None = None
    faults: Scenario | None = None
    functions: ServiceSettings | None = None


class RunningServer:
    """A local BioT that runs until ``stop``; also a context manager.

    Attributes:
        base_url: Its address.
        state: Its state.
        gate: Its fault gate; None when it was started without one.
        console_url: The address of its console, with the key that opens it.
    """

    def __init__(
        self,
        state: InstanceState,
        gate: FaultGate | None,
        thread: _ServerThread,
        resources: ExitStack,
        console_url: str,
    ) -> None:
        self.console_url = console_url
        self.base_url = state.settings.base_url
        self.state = state
        self.gate = gate
        self._thread = thread
        self._resources = resources

    def wait(self) -> None:
        """Wait until the server has stopped, which only ``stop`` or the end of the process causes."""
        self._thread.join()

    def answers_after(self, seconds: float) -> bool:
        """Wait for some seconds, or until the server has stopped; return whether it still runs."""
        return self._thread.join(seconds)

    def stop(self) -> None:
        """End open requests, close the database, and release port and folder. A second call does nothing."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(options: ServerOptions) -> RunningServer:
    """Start a local BioT and return when it is ready.

    Raises:
        SandboxError: The port is in use, another local BioT uses the data, or the data cannot be read.
    """
    with ExitStack() as resources:
        resources.enter_context(lock_folder(options.folder))
        if options.fresh:
            _delete_data(options.folder)
        database = Database(options.folder / DATABASE_FILE)
        resources.callback(database.close)
        database.migrate()
        seed(database)
        listener = resources.enter_context(_listening(options.port))
        base_url = f"http://{HOST}:{listener.getsockname()[1]}"
        keys = SigningKeys(database)
        if options.rotate_key:
            keys.rotate()
        functions = FunctionService(options.functions or ServiceSettings(cache=default_cache()))
        resources.callback(functions.close)
        state = InstanceState(
            database=database,
            clock=options.clock,
            keys=keys,
            functions=functions,
            settings=SandboxSettings(base_url=base_url),
        )
        repair_plugins(state)
        recorder = resources.enter_context(ActivityRecorder(options.folder / FILE_NAME))
        hooks = Hooks(state, recorder)
        faults = FaultSwitch(hooks, options.faults)
        work = BackgroundWork(hooks=hooks, scheduler=CronScheduler(hooks), recorder=recorder, faults=faults)
        access = ConsoleAccess()
        app = create_app(state, work, access)
        if options.log:
            app = RequestLog(app, options.log)
        hooks.caller.client.own = OwnEndpoints(base_url, app, lambda: faults.remaining)
        thread = _ServerThread(app, listener, gated_protocol(lambda: faults.gate), work)
        resources.callback(thread.stop)
        return RunningServer(state, faults.gate, thread, resources.pop_all(), access.address(base_url))


def _delete_data(folder: Path) -> None:
    """Delete a local BioT's own files and keep everything else in the folder."""
    try:
        database = Database(folder / DATABASE_FILE)
        for stored in (CodeStore, VersionCode, BlobFiles):
            shutil.rmtree(stored.beside(database).folder, ignore_errors=True)
        for name in (DATABASE_FILE, FILE_NAME):
            for suffix in ("", "-wal", "-shm"):
                (folder / f"{name}{suffix}").unlink(missing_ok=True)
    except OSError as error:
        msg = f"The local BioT's data cannot be deleted: {error}."
        raise SandboxError(msg, hint="Check the permissions of its folder.") from error


def _listening(port: int) -> socket.socket:
    # asyncio sets TCP_NODELAY only on sockets that name their protocol; without it, each small response takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere the option would let two programs share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(socket.SOMAXCONN)
    except OSError as error:
        listener.close()
        in_use = error.errno == errno.EADDRINUSE
        reason = "another program is using it" if in_use else f"the system refuses it: {error.strerror}"
        msg = f"The local BioT cannot use port {port}: {reason}."
        raise SandboxError(msg, hint="Choose another port with --port PORT; --port 0 finds a free one.") from error
    return listener


class _Server(uvicorn.Server):
    """Delivers the waiting notifications before it stops, while plugins can still be called."""

    def __init__(self, config: uvicorn.Config, work: BackgroundWork) -> None:
        super().__init__(config)
        self._work = work

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, and begin the work in the background."""
        await super().startup(sockets)
        self._work.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Deliver notifications, finish open requests, and close all connections."""
        await self._work.finish(_GRACE_SECONDS)
        await super().shutdown(sockets)
        await self._work.hooks.close()


class _ServerThread:
    """An application that serves a socket in a thread."""

    def __init__(
        self, app: ASGIApp, listener: socket.socket, http: type[asyncio.Protocol], work: BackgroundWork
    ) -> None:
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
        self._server = _Server(config, work)
        arguments = {"sockets": [listener]}
        self._thread = threading.Thread(target=self._server.run, kwargs=arguments, name="local-biot", daemon=True)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(_POLL_SECONDS)

    def join(self, seconds: float | None = None) -> bool:
        """Wait for the end of the thread, for some seconds at most; return whether it still runs."""
        self._thread.join(seconds)
        return self._thread.is_alive()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()
