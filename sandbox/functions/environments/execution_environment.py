"""An execution environment: one process that runs the code of one function, one call at a time."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from builder.host import process
from sandbox.functions.call_fault import CallFault, CallFaultKind
from sandbox.functions.environments.function_log import FunctionLog
from sandbox.functions.environments.process_tree import end_processes, kill_process
from sandbox.functions.environments.runtime_api import Event, RuntimeApi, RuntimeMessage

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.functions.environments.launch import Launch

_WATCH_SECONDS = 0.02
_EXIT_SECONDS = 5
_READY_SECONDS = 0.1
"""A runtime client asks for the next event at once. If it does not, the answer is returned anyway after this time."""


class Ending(Enum):
    """How the initialization or a call ended."""

    READY = auto()
    ANSWERED = auto()
    FAILED = auto()
    INITIALIZATION_FAILED = auto()
    EXITED = auto()
    TIMED_OUT = auto()
    OUT_OF_MEMORY = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The end of the initialization or of a call.

    Attributes:
        ending: How it ended.
        body: The answer or the error that the runtime client sent.
        size: Bytes of what it sent.
        error_type: The type of the error, if the client named it.
        exit_code: Of the process, if it has ended; negative for a signal.
    """

    ending: Ending
    body: bytes = b""
    size: int = 0
    error_type: str = ""
    exit_code: int | None = None


_ENDINGS = {
    "next": Ending.READY,
    "response": Ending.ANSWERED,
    "error": Ending.FAILED,
    "init-error": Ending.INITIALIZATION_FAILED,
}


class ExecutionEnvironment(asyncio.SubprocessProtocol):
    """One process of a function. Everything happens in the event loop that started it.

    Args:
        launch: How the process is started.
        on_idle: Called when the environment can take a call again after a call whose answer was already returned.

    Attributes:
        initialization_ms: The time of the initialization.
        log: The output since the last call.
        meter: The memory of the processes.
        alive: Whether the process can take calls.
        last_used: ``time.monotonic()`` of the last call.
    """

    def __init__(self, launch: Launch, on_idle: Callable[[ExecutionEnvironment], None]) -> None:
        self.initialization_ms = 0.0
        self.log = FunctionLog()
        self.launch = launch
        self.meter = launch.meter
        self.alive = False
        self.last_used = time.monotonic()
        self._on_idle = on_idle
        self._loop = asyncio.get_running_loop()
        self._api = RuntimeApi(self._receive)
        self._transport: asyncio.SubprocessTransport | None = None
        self._outcome: asyncio.Future[Outcome] | None = None
        self._ready: asyncio.Future[None] | None = None
        self._busy = False
        self._late = False
        self._awaited = False
        self._watch: asyncio.TimerHandle | None = None
        self._exited = asyncio.Event()

    async def start(self, seconds: float) -> Outcome:
        """Start the process and wait until its runtime client asks for an event.

        Args:
            seconds: The longest time for it.
        """
        await self._api.open()
        self._busy = True
        begin = time.perf_counter()
        self._outcome = self._loop.create_future()
        self._transport = await process.start(
            self, self.launch.argv, cwd=self.launch.code, environment=self.launch.variables_for(self._api.address)
        )
        self.alive = True
        self.meter.started(self._transport.get_pid())
        outcome = await self._wait(seconds)
        self._awaited = False
        self.initialization_ms = (time.perf_counter() - begin) * 1000
        self._busy = outcome.ending is not Ending.READY
        return outcome

    async def call(self, event: Event, seconds: float, fault: CallFault | None = None) -> Outcome:
        """Give the handler an event and wait for its answer, for an error, or for the end of the process.

        Args:
            event: The event.
            seconds: The longest time for it.
            fault: What goes wrong on purpose; None for nothing.
        """
        self._busy, self._late = True, False
        self.last_used = time.monotonic()
        self._outcome = self._loop.create_future()
        self._ready = self._loop.create_future()
        if fault is None:
            self._api.offer(event)
        else:
            self._loop.call_later(fault.seconds, self._offer_with_fault, event, fault)
        outcome = await self._wait(seconds)
        if outcome.ending in {Ending.ANSWERED, Ending.FAILED}:
            await self._wait_until_ready(seconds)
        await self.read_pending_output()
        self._awaited = False
        return outcome

    async def stop(self) -> None:
        """End every process of the environment and free what it used. May be called again."""
        self.alive = False
        self._stop_watching()
        self._api.close()
        transport, self._transport = self._transport, None
        if transport is not None:
            marker = f"AWS_LAMBDA_RUNTIME_API={self._api.address}"
            await asyncio.to_thread(end_processes, transport.get_pid(), marker, self.meter.members)
            # Closing the transport earlier would take the exit code away from the thread that waits for it.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._exited.wait(), _EXIT_SECONDS)
            transport.close()
        await asyncio.to_thread(self.launch.clean_up)

    @property
    def is_idle(self) -> bool:
        """Whether it waits for a call."""
        return self.alive and not self._busy

    async def _wait(self, seconds: float) -> Outcome:
        """Wait for the first thing that ends the initialization or the call."""
        self._awaited = True
        if self._outcome is None:
            message = "nothing to wait for"
            raise AssertionError(message)
        if not self.alive:
            self._settle(Outcome(ending=Ending.EXITED, exit_code=self._exit_code()))
        timer = self._loop.call_later(seconds, self._settle, Outcome(ending=Ending.TIMED_OUT))
        self._watch = self._loop.call_later(_WATCH_SECONDS, self._check_memory)
        try:
            return await self._outcome
        finally:
            timer.cancel()
            self._stop_watching()

    async def _wait_until_ready(self, seconds: float) -> None:
        """Wait for the runtime client to ask for the next event, because only then the call is complete."""
        if self._ready is None:
            return
        await asyncio.wait({self._ready}, timeout=_READY_SECONDS)
        if self._ready.done() or not self.alive:
            return
        self._late = True  # the handler's code still runs; it has until the end of the timeout
        self._loop.call_later(seconds, self._end_late_call, self._ready)

    def _end_late_call(self, ready: asyncio.Future[None]) -> None:
        if not ready.done():
            self.alive = False
            self._on_idle(self)

    async def read_pending_output(self) -> None:
        """Read what the process wrote before it answered: it is in the pipe already, so two turns suffice."""
        received = -1
        while received != self.log.received:
            received = self.log.received
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    def _receive(self, message: RuntimeMessage) -> None:
        if message.kind == "next" and self._ready is not None:
            if not self._ready.done():
                self._ready.set_result(None)
            self._busy = False
            if self._late:
                self._late = False
                self._on_idle(self)
            return
        ending = _ENDINGS[message.kind]
        self._settle(Outcome(ending=ending, body=message.body, size=message.size, error_type=message.error_type))

    def _offer_with_fault(self, event: Event, fault: CallFault) -> None:
        if not self.alive:
            return
        if fault.kind is CallFaultKind.OUT_OF_MEMORY:
            self.meter.peak = max(self.meter.peak, self.meter.limit)
            self._settle(Outcome(ending=Ending.OUT_OF_MEMORY))
            return
        if fault.kind is CallFaultKind.KILLED:  # before it has the event: otherwise it might answer first
            kill_process(self.meter.function_pid)
            return
        self._api.offer(event)

    def _settle(self, outcome: Outcome) -> None:
        if self._outcome is not None and not self._outcome.done():
            self._outcome.set_result(outcome)

    def _check_memory(self) -> None:
        if self.meter.exceeds_limit():
            self._settle(Outcome(ending=Ending.OUT_OF_MEMORY))
        else:
            self._watch = self._loop.call_later(_WATCH_SECONDS, self._check_memory)

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _exit_code(self) -> int | None:
        return None if self._transport is None else self._transport.get_returncode()

    # What asyncio calls:

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Collect output of the process."""
        del fd
        self.log.add(data)

    def process_exited(self) -> None:
        """The process has ended by itself, or was ended by the system."""
        self.alive = False
        self._exited.set()
        ending = Ending.OUT_OF_MEMORY if self.meter.was_killed() else Ending.EXITED
        self._settle(Outcome(ending=ending, exit_code=self._exit_code()))
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(None)
        if not self._awaited:  # otherwise whoever waits for the outcome takes care of it
            self._on_idle(self)
