"""Calls functions: keeps their environments warm, starts further ones for overlapping calls, and stops idle ones."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from builder.errors import SandboxError
from sandbox.functions.clients.runtime_programs import RuntimePrograms
from sandbox.functions.environments.call_results import CallRequest
from sandbox.functions.environments.code_folders import CodeFolders
from sandbox.functions.environments.environment_pool import EnvironmentPool, PoolLimits
from sandbox.functions.function_errors import RequestTooLargeError
from sandbox.functions.lambda_facts import REQUEST_MAX

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from concurrent.futures import Future
    from pathlib import Path

    from sandbox.functions.call_fault import CallFault
    from sandbox.functions.debugging import Debugger
    from sandbox.functions.function_configuration import FunctionConfiguration
    from sandbox.functions.invocation import Invocation
    from sandbox.functions.isolation.isolation_choice import IsolationKind

_STOP_SECONDS = 30
_SWEEP_SECONDS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceSettings:
    """How functions are run on this machine.

    Attributes:
        cache: Folder for unpacked code, runtime clients and Node.js; several processes may share it.
        any_python: Use the nearest Python if the right one is missing.
        most_environments: Overlapping calls of one function before TooManyRequestsException (the kit's choice; on AWS
            it is the account's limit of 1,000).
        idle_seconds: An environment without a call is stopped after this time (the kit's choice; AWS publishes none).
        isolation: The only isolation to use; None for the strongest one of this machine.
    """

    cache: Path
    any_python: bool = False
    most_environments: int = 10
    idle_seconds: float = 300
    isolation: IsolationKind | None = None


def default_cache() -> Path:
    """Return the folder in the user's cache folder."""
    from platformdirs import user_cache_path

    return user_cache_path("biot-plugin-kit", appauthor=False) / "functions"


class FunctionService:
    """Lambda on this machine. Thread-safe; also a context manager that closes itself.

    Nothing is started before the first call.

    Args:
        settings: How functions are run.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._debugger: Debugger | None = None
        self._programs = RuntimePrograms(
            settings.cache / "clients", any_python=settings.any_python, isolation=settings.isolation
        )
        self._code = CodeFolders(settings.cache / "code")
        self._pools: dict[FunctionConfiguration, EnvironmentPool] = {}
        self._early: dict[str, EnvironmentPool] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._start = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def invoke(
        self, configuration: FunctionConfiguration, payload: bytes, *, trace_header: str | None = None
    ) -> Invocation:
        """Call a function and wait for the end of the call.

        Args:
            configuration: The function.
            payload: The event, as JSON.
            trace_header: The caller's ``X-Amzn-Trace-Id``; None for a new trace.

        Raises:
            RequestTooLargeError: The event has more than 6 MB.
            TooManyRequestsError: All environments of the function are busy.
            FunctionUnavailableError: The function cannot run on this machine.
        """
        return self.submit(configuration, payload, trace_header=trace_header).result()

    def submit(
        self,
        configuration: FunctionConfiguration,
        payload: bytes,
        *,
        trace_header: str | None = None,
        fault: CallFault | None = None,
    ) -> Future[Invocation]:
        """Call a function without waiting: ``asyncio.wrap_future`` makes the result awaitable.

        Args:
            configuration: The function.
            payload: The event, as JSON.
            trace_header: The caller's ``X-Amzn-Trace-Id``; None for a new trace.
            fault: What goes wrong on purpose; None for nothing.

        Raises:
            RequestTooLargeError: The event has more than 6 MB. The other errors of ``invoke`` are in the result.
        """
        if len(payload) > REQUEST_MAX:
            message = f"The event has {len(payload)} bytes; Lambda accepts {REQUEST_MAX}."
            raise RequestTooLargeError(message, hint="Send less, or send a link to the data.")
        request = CallRequest(request_id=str(uuid4()), payload=payload, trace=trace_header or _new_trace(), fault=fault)
        call = self._call(configuration, request)
        return asyncio.run_coroutine_threadsafe(call, self._running_loop())

    @property
    def is_debugging(self) -> bool:
        """Whether functions wait for a debugger, and no timeout counts."""
        return self._debugger is not None

    def debug(self, debugger: Debugger | None) -> None:
        """Let functions wait for a debugger from now on, or no longer (None). Stops all environments."""
        self._debugger = debugger
        asyncio.run_coroutine_threadsafe(self._stop_all(), self._running_loop()).result(_STOP_SECONDS)

    def prepare(self, configuration: FunctionConfiguration) -> None:
        """Start an environment if none is idle, so that the next call is warm. A failed start shows at the next call.

        Does not wait for an environment that waits for a debugger.

        Raises:
            FunctionUnavailableError: The function cannot run on this machine, or debugpy is missing.
        """
        if self._debugger:
            self._debugger.require(configuration)
        started = asyncio.run_coroutine_threadsafe(self._prepare(configuration), self._running_loop())
        if not self._debugger:
            started.result()

    def prepare_early(self, configuration: FunctionConfiguration, artifact: Path) -> None:
        """Start an environment of a version that is not deployed yet; the present version keeps answering calls.

        Returns at once. The environment is used if the function has this configuration at its next call; it is stopped
        when the next version of the function is started early, or when it is idle for too long. If it cannot be
        started, the next call or ``prepare`` says why.

        Args:
            configuration: The function as it will be.
            artifact: Where its ZIP is now.
        """
        if not self._debugger:  # its port is that of the present version
            asyncio.run_coroutine_threadsafe(self._prepare_early(configuration, artifact), self._running_loop())

    def close(self) -> None:
        """Stop all environments. A second call does nothing."""
        with self._start:
            self._closed = True
            loop, self._loop = self._loop, None
        if loop is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._stop_all(), loop).result(_STOP_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join(_STOP_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def _call(self, configuration: FunctionConfiguration, request: CallRequest) -> Invocation:
        return await self._pool_of(configuration).call(request)

    async def _prepare(self, configuration: FunctionConfiguration) -> None:
        await self._pool_of(configuration).prepare()

    async def _prepare_early(self, configuration: FunctionConfiguration, artifact: Path) -> None:
        with suppress(SandboxError):
            await asyncio.to_thread(self._code.unpack, artifact, configuration.artifact_sha256)
            if replaced := self._early.pop(configuration.name, None):
                replaced.retire()
            if configuration in self._pools:  # deployed meanwhile
                return
            self._early[configuration.name] = pool = self._new_pool(configuration)
            await pool.prepare()

    def _pool_of(self, configuration: FunctionConfiguration) -> EnvironmentPool:
        pool = self._pools.get(configuration)
        if pool is None:
            for other, old in list(self._pools.items()):
                if other.name == configuration.name:  # a new version replaces the old one
                    old.retire()
                    del self._pools[other]
                    if self._debugger:  # a person may have stopped it at a breakpoint, and it has the port
                        self._in_background(old.close())
            early = self._early.get(configuration.name)
            if early is not None and early.configuration == configuration:
                pool = self._early.pop(configuration.name)
            else:
                pool = self._new_pool(configuration)
            self._pools[configuration] = pool
        return pool

    def _new_pool(self, configuration: FunctionConfiguration) -> EnvironmentPool:
        limits = PoolLimits(most_environments=self._settings.most_environments, debugger=self._debugger)
        return EnvironmentPool(configuration, self._programs, self._code, limits)

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._start:
            if self._closed:
                message = "the service is closed"
                raise RuntimeError(message)
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._run, args=(self._loop,), name="functions", daemon=True)
                self._thread.start()
            return self._loop

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.call_later(_SWEEP_SECONDS, self._sweep, loop)
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        for pool in (*self._pools.values(), *self._early.values()):
            pool.stop_idle(self._settings.idle_seconds)
        loop.call_later(_SWEEP_SECONDS, self._sweep, loop)

    async def _stop_all(self) -> None:
        pools = (*self._pools.values(), *self._early.values())
        self._pools, self._early = {}, {}
        await asyncio.gather(*(pool.close() for pool in pools), *self._tasks)


def _new_trace() -> str:
    """Return a trace header as Lambda makes one for a caller without one; nothing is sampled."""
    return f"Root=1-{int(time.time()):08x}-{uuid4().hex[:24]};Parent={uuid4().hex[:16]};Sampled=0"
