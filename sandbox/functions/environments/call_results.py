"""From the end of a call to its ``Invocation``: Lambda's error bodies, the log and the report."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sandbox.functions.call_fault import CallFault, CallFaultKind
from sandbox.functions.environments.execution_environment import Ending
from sandbox.functions.invocation import FailureKind, FunctionError, Invocation, InvocationReport
from sandbox.functions.lambda_facts import (
    EXITED,
    OUT_OF_MEMORY,
    RESPONSE_MAX,
    RESPONSE_TOO_LARGE,
    TIMED_OUT,
    UNKNOWN_ERROR,
)

if TYPE_CHECKING:
    from sandbox.functions.environments.execution_environment import ExecutionEnvironment, Outcome

_SHELL_SIGNALS = 128
_SIGNALS: dict[int, str] = {signal.SIGTERM: "terminated", signal.SIGINT: "interrupt", signal.SIGABRT: "aborted"}
if hasattr(signal, "SIGKILL"):
    _SIGNALS |= {signal.SIGKILL: "killed", signal.SIGSEGV: "segmentation fault", signal.SIGBUS: "bus error"}


@dataclass(frozen=True, kw_only=True, slots=True)
class CallRequest:
    """A call to make.

    Attributes:
        request_id: Its id.
        payload: The event as JSON.
        trace: The X-Ray trace header.
        fault: What goes wrong on purpose; None for nothing.
    """

    request_id: str
    payload: bytes
    trace: str
    fault: CallFault | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallTimes:
    """The times of a call; ``initialization_ms`` is None in a warm environment."""

    duration_ms: float
    initialization_ms: float | None


def invocation_of(
    environment: ExecutionEnvironment, request: CallRequest, outcome: Outcome, times: CallTimes
) -> Invocation:
    """Return the result of a call that reached the handler."""
    seconds = environment.launch.configuration.timeout_seconds
    if outcome.ending is Ending.TIMED_OUT:
        text = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + f"Z {request.request_id} "
        environment.log.add(f"{text}Task timed out after {seconds:.2f} seconds\n".encode())
    if request.fault and request.fault.kind is CallFaultKind.LARGE_ANSWER:
        outcome = replace(outcome, size=max(outcome.size, RESPONSE_MAX + 1))
    error, payload = _result(request.request_id, outcome, seconds)
    report = _report(environment, request, times, error)
    return Invocation(
        request_id=request.request_id,
        payload=payload,
        error=error,
        log=environment.log.take(),
        report=replace(report, response_size=len(payload)),
    )


async def initialization_failure(
    environment: ExecutionEnvironment, request: CallRequest, outcome: Outcome
) -> Invocation:
    """Return the result of a call whose environment could not be initialized."""
    times = CallTimes(duration_ms=0, initialization_ms=environment.initialization_ms)
    await environment.read_pending_output()
    return invocation_of(environment, request, outcome, times)


def _result(request_id: str, outcome: Outcome, seconds: float) -> tuple[FunctionError | None, bytes]:
    if outcome.ending is Ending.ANSWERED:
        if outcome.size <= RESPONSE_MAX:
            return None, outcome.body
        message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_MAX} bytes)."
        return _made(FailureKind.RESPONSE_SIZE, RESPONSE_TOO_LARGE, message)
    if outcome.ending in {Ending.FAILED, Ending.INITIALIZATION_FAILED}:
        kind = FailureKind.HANDLER if outcome.ending is Ending.FAILED else FailureKind.INITIALIZATION
        return _reported(kind, outcome), outcome.body
    start = f"RequestId: {request_id} Error: "
    if outcome.ending is Ending.TIMED_OUT:
        return _made(FailureKind.TIMEOUT, TIMED_OUT, f"{start}Task timed out after {seconds:.2f} seconds")
    if outcome.ending is Ending.OUT_OF_MEMORY:
        return _made(FailureKind.MEMORY, OUT_OF_MEMORY, f"{start}Runtime exited with error: signal: killed")
    return _made(FailureKind.EXIT, EXITED, start + _exit_text(outcome.exit_code or 0))


def _exit_text(code: int) -> str:
    if code == 0:
        return "Runtime exited without providing a reason"
    # bubblewrap reports a signal as a shell does.
    number = -code if code < 0 else code - _SHELL_SIGNALS
    if number in _SIGNALS:
        return f"Runtime exited with error: signal: {_SIGNALS[number]}"
    return f"Runtime exited with error: {f'exit status {code}' if code > 0 else f'signal: {number}'}"


def _made(kind: FailureKind, error_type: str, message: str) -> tuple[FunctionError, bytes]:
    body = json.dumps({"errorType": error_type, "errorMessage": message}, separators=(",", ":")).encode()
    return FunctionError(kind=kind, error_type=error_type, error_message=message), body


def _reported(kind: FailureKind, outcome: Outcome) -> FunctionError:
    try:
        body = json.loads(outcome.body)
    except ValueError:
        body = None
    fields = body if isinstance(body, dict) else {}
    return FunctionError(
        kind=kind,
        error_type=str(fields.get("errorType") or outcome.error_type or UNKNOWN_ERROR),
        error_message=str(fields.get("errorMessage") or ""),
    )


def _report(
    environment: ExecutionEnvironment,
    request: CallRequest,
    times: CallTimes,
    error: FunctionError | None,
) -> InvocationReport:
    launch = environment.launch
    configuration = launch.configuration
    status = "" if error is None else "timeout" if error.kind is FailureKind.TIMEOUT else "error"
    return InvocationReport(
        request_id=request.request_id,
        duration_ms=times.duration_ms,
        initialization_ms=times.initialization_ms,
        memory_size_mb=configuration.memory_megabytes,
        memory_used=environment.meter.read_peak(),
        memory_source=environment.meter.source,
        storage_size_mb=configuration.ephemeral_storage_megabytes,
        storage_used=launch.storage_used(),
        request_size=len(request.payload),
        response_size=0,
        timeout_seconds=configuration.timeout_seconds,
        isolation=launch.isolation,
        status=status,
        error_type=error.error_type if error and status == "error" else "",
        notes=launch.program.notes,
    )
