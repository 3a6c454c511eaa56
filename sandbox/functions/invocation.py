"""The result of a call: the answer, the log, and a report like Lambda's REPORT line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from sandbox.functions.lambda_facts import REQUEST_MAX, RESPONSE_MAX, STORAGE, WARNING_SHARE

_MEGABYTE = 1_048_576


class FailureKind(StrEnum):
    """What made a call fail."""

    HANDLER = "handler"
    INITIALIZATION = "initialization"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    EXIT = "exit"
    RESPONSE_SIZE = "response-size"


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionError:
    """The error of a failed call, with the names that Lambda uses."""

    kind: FailureKind
    error_type: str
    error_message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InvocationReport:
    """What a call used, compared with its limits.

    Attributes:
        request_id: Of the call.
        duration_ms: Time of the handler.
        initialization_ms: Time of the initialization; None when the environment was warm.
        memory_size_mb: The memory that the function may use.
        memory_used: Bytes of all processes of the environment together, the most since it started; None when this
            system does not show it.
        memory_source: How that was measured and whether the system enforces the limit.
        storage_size_mb: The size that ``/tmp`` may have.
        storage_used: Bytes in ``/tmp`` after the call.
        request_size: Bytes of the event.
        response_size: Bytes of the answer.
        timeout_seconds: The time that the handler may take.
        isolation: Which limits the system enforces, as one sentence.
        status: Empty for an answer; ``timeout`` or ``error`` as Lambda writes it.
        error_type: Of a failed call.
        notes: What else differs from Lambda, such as another version of Python.
    """

    request_id: str
    duration_ms: float
    initialization_ms: float | None
    memory_size_mb: int
    memory_used: int | None
    memory_source: str
    storage_size_mb: int
    storage_used: int
    request_size: int
    response_size: int
    timeout_seconds: int
    isolation: str
    status: str = ""
    error_type: str = ""
    notes: tuple[str, ...] = ()

    @property
    def billed_ms(self) -> int:
        """The time that Lambda would bill: initialization and handler, each begun millisecond."""
        return math.ceil(self.duration_ms + (self.initialization_ms or 0))

    @property
    def line(self) -> str:
        """The line as Lambda writes it to the log; the last fields are the kit's."""
        used = "unknown" if self.memory_used is None else f"{math.ceil(self.memory_used / _MEGABYTE)} MB"
        fields = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {self.duration_ms:.2f} ms",
            f"Billed Duration: {self.billed_ms} ms",
            f"Memory Size: {self.memory_size_mb} MB",
            f"Max Memory Used: {used}",
        ]
        if self.initialization_ms is not None:
            fields.append(f"Init Duration: {self.initialization_ms:.2f} ms")
        if self.status:
            fields.append(f"Status: {self.status}")
        if self.error_type:
            fields.append(f"Error Type: {self.error_type}")
        fields.append(f"{STORAGE} Used: {_readable(self.storage_used)} of {self.storage_size_mb} MB")
        fields.append(f"Request: {_readable(self.request_size)}")
        fields.append(f"Response: {_readable(self.response_size)}")
        return "\t".join(fields)

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for each limit of which the call used more than 80 %."""
        memory = 0 if self.memory_used is None else self.memory_used
        shares = (
            ("the timeout", self.duration_ms, self.timeout_seconds * 1000, "timeout"),
            ("its memory", memory, self.memory_size_mb * _MEGABYTE, "memorySize"),
            (STORAGE, self.storage_used, self.storage_size_mb * _MEGABYTE, "ephemeralStorage"),
            ("the largest request", self.request_size, REQUEST_MAX, ""),
            ("the largest response", self.response_size, RESPONSE_MAX, ""),
        )
        return tuple(
            f"The call used {used / limit:.0%} of {name}." + (f" Increase {setting} in plugin.toml." if setting else "")
            for name, used, limit, setting in shares
            if used > WARNING_SHARE * limit
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocation:
    """A call that was made.

    Attributes:
        request_id: The id that the handler sees as well.
        payload: The answer, or Lambda's error body. JSON, unless the handler streams something else.
        error: None when the handler answered.
        log: What the function wrote to standard output and standard error, one text for each line or record.
        report: What it used.
    """

    request_id: str
    payload: bytes
    error: FunctionError | None
    log: tuple[str, ...]
    report: InvocationReport


def _readable(size: float) -> str:
    if size < 1024:  # noqa: PLR2004 - bytes in a kilobyte
        return f"{size} bytes"
    return f"{size / 1024:.1f} kB" if size < _MEGABYTE else f"{size / _MEGABYTE:.1f} MB"
