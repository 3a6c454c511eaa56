"""The execution environments of one function."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sandbox.functions.debugging import PAUSED_SECONDS
from sandbox.functions.environments.call_results import CallTimes, initialization_failure, invocation_of
from sandbox.functions.environments.execution_environment import Ending, ExecutionEnvironment, Outcome
from sandbox.functions.environments.function_variables import check_variables_size
from sandbox.functions.environments.launch import prepare_launch, task_root_of
from sandbox.functions.environments.runtime_api import Event
from sandbox.functions.function_errors import FunctionUnavailableError, TooManyRequestsError
from sandbox.functions.images.function_image import STAND_IN_NOTE
from sandbox.functions.lambda_facts import INITIALIZATION_SECONDS, function_arn

if TYPE_CHECKING:
    from sandbox.functions.clients.runtime_programs import RuntimePrograms
    from sandbox.functions.debugging import Debugger
    from sandbox.functions.environments.call_results import CallRequest
    from sandbox.functions.environments.code_folders import CodeFolders
    from sandbox.functions.environments.launch import Launch
    from sandbox.functions.function_configuration import FunctionConfiguration
    from sandbox.functions.invocation import Invocation


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolLimits:
    """What limits the environments of a function.

    Attributes:
        most_environments: How many may exist.
        debugger: Attaches a debugger to the only one; None for none.
    """

    most_environments: int
    debugger: Debugger | None = None


class EnvironmentPool:
    """Gives each call an idle environment, or starts one. Everything happens in one event loop.

    Args:
        configuration: The function.
        programs: Finds the program of its runtime.
        code: Has its unpacked code.
        limits: How many environments may exist, and whether they wait for a debugger.
    """

    def __init__(
        self, configuration: FunctionConfiguration, programs: RuntimePrograms, code: CodeFolders, limits: PoolLimits
    ) -> None:
        self._configuration = configuration
        self._programs = programs
        self._code = code
        self._debugger = limits.debugger
        self._most = 1 if limits.debugger else limits.most_environments
        self._idle: list[ExecutionEnvironment] = []
        self._all: set[ExecutionEnvironment] = set()
        self._starting = 0
        self._preparation: asyncio.Task[None] | None = None
        self._retired = False
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, request: CallRequest) -> Invocation:
        """Call the function.

        Raises:
            TooManyRequestsError: All environments are busy.
            FunctionUnavailableError: The function cannot run on this machine.
        """
        if self._debugger and self._preparation:  # the only environment, and it may wait for a person
            await self.prepare()
        environment = self._take_idle()
        if environment is not None:
            return await self._call_in(environment, request, initialization_ms=None)
        environment, outcome = await self._started()
        if outcome.ending is not Ending.READY:
            invocation = await initialization_failure(environment, request, outcome)
            await self._remove(environment)
            return invocation
        return await self._call_in(environment, request, initialization_ms=environment.initialization_ms)

    @property
    def configuration(self) -> FunctionConfiguration:
        """The function."""
        return self._configuration

    async def prepare(self) -> None:
        """Start an environment if none is idle. Whoever asks for it meanwhile waits for the same one.

        Raises:
            FunctionUnavailableError: The function cannot run on this machine.
        """
        if self._preparation is None:
            self._preparation = asyncio.get_running_loop().create_task(self._prepare())
        preparation = self._preparation
        try:
            await asyncio.shield(preparation)
        finally:
            if preparation.done() and self._preparation is preparation:
                self._preparation = None

    async def _prepare(self) -> None:
        if not self._idle and len(self._all) + self._starting < self._most:
            environment, outcome = await self._started()
            if outcome.ending is Ending.READY:
                self._give_back(environment)
            else:
                await self._remove(environment)

    def retire(self) -> None:
        """Stop idle environments now and busy ones after their call: the function has a new version."""
        self._retired = True
        self.stop_idle(0)

    def stop_idle(self, seconds: float) -> None:
        """Stop the environments without a call for some seconds; one with a debugger stays."""
        if self._debugger and not self._retired:
            return
        oldest = time.monotonic() - seconds
        for environment in [one for one in self._idle if one.last_used <= oldest]:
            self._idle.remove(environment)
            self._in_background(environment)

    async def close(self) -> None:
        """Stop all environments."""
        self._retired = self._closed = True
        await asyncio.gather(*(self._remove(environment) for environment in list(self._all)), *self._tasks)

    def _take_idle(self) -> ExecutionEnvironment | None:
        """Return the idle environment that was used last; the others can then be stopped."""
        while self._idle:
            environment = self._idle.pop()
            if environment.is_idle:
                return environment
            self._in_background(environment)
        return None

    async def _started(self) -> tuple[ExecutionEnvironment, Outcome]:
        """Start an environment. After an initialization of 10 seconds, start over within the function's timeout."""
        if len(self._all) + self._starting >= self._most:
            message = f"All {self._most} environments of {self._configuration.name} are busy."
            raise TooManyRequestsError(message, hint="Call it again later, as after Lambda's TooManyRequestsException.")
        environment = await self._new()
        outcome = await self._start(environment, self._timeout(INITIALIZATION_SECONDS))
        if outcome.ending is not Ending.TIMED_OUT:
            return environment, outcome
        await self._remove(environment)
        again = await self._new()
        again.log.add(b"INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout\n")
        return again, await self._start(again, self._configuration.timeout_seconds)

    async def _new(self) -> ExecutionEnvironment:
        self._starting += 1
        try:
            launch = await asyncio.to_thread(self._prepare_launch)
            environment = ExecutionEnvironment(launch, self._changed)
            self._all.add(environment)
        finally:
            self._starting -= 1
        return environment

    async def _start(self, environment: ExecutionEnvironment, seconds: float) -> Outcome:
        """Start an environment, unless the service is being closed meanwhile."""
        try:
            if not self._closed:
                return await environment.start(seconds)
            message, hint = f"{self._configuration.name} is being stopped.", "Start it again."
        except OSError as error:
            message = f"The process of {self._configuration.name} cannot be started: {error.strerror}."
            hint = "Check the memory and the number of processes of this machine."
        await self._remove(environment)
        raise FunctionUnavailableError(message, hint=hint)

    def _prepare_launch(self) -> Launch:
        check_variables_size(dict(self._configuration.variables))
        program = self._programs.find(self._configuration.runtime)
        image = self._configuration.image
        if image is not None:
            code = self._code.unpack_image(image)
            program = replace(program, notes=(*program.notes, STAND_IN_NOTE))
        else:
            code = self._code.unpack(self._configuration.artifact, self._configuration.artifact_sha256)
        isolation = self._programs.isolation()
        if self._debugger:
            program = self._debugger.debugged(program, self._configuration, task_root_of(code, isolation))
        return prepare_launch(self._configuration, program, code, isolation)

    def _timeout(self, seconds: float) -> float:
        return PAUSED_SECONDS if self._debugger else seconds

    async def _call_in(
        self, environment: ExecutionEnvironment, request: CallRequest, *, initialization_ms: float | None
    ) -> Invocation:
        seconds = self._timeout(self._configuration.timeout_seconds)
        event = Event(
            request_id=request.request_id,
            payload=request.payload,
            deadline_ms=int((time.time() + seconds) * 1000),
            trace=request.trace,
            function_arn=function_arn(self._configuration.name),
        )
        begin = time.perf_counter()
        outcome = await environment.call(event, seconds, request.fault)
        times = CallTimes(
            duration_ms=(time.perf_counter() - begin) * 1000,
            initialization_ms=initialization_ms,
        )
        invocation = invocation_of(environment, request, outcome, times)
        if outcome.ending not in {Ending.ANSWERED, Ending.FAILED} or not environment.alive:
            await self._remove(environment)
        elif environment.is_idle:
            self._give_back(environment)
        return invocation

    def _changed(self, environment: ExecutionEnvironment) -> None:
        """An environment became idle after its answer was returned, or its process has ended."""
        if environment.is_idle:
            self._give_back(environment)
        elif environment in self._idle or not environment.alive:
            if environment in self._idle:
                self._idle.remove(environment)
            self._in_background(environment)

    def _give_back(self, environment: ExecutionEnvironment) -> None:
        if self._retired:
            self._in_background(environment)
        elif environment not in self._idle:
            self._idle.append(environment)

    def _in_background(self, environment: ExecutionEnvironment) -> None:
        task = asyncio.get_running_loop().create_task(self._remove(environment))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _remove(self, environment: ExecutionEnvironment) -> None:
        await environment.stop()
        self._all.discard(environment)
