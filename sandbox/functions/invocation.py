"""The result of a call: the answer, the log, and a report like Lambda's REPORT line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from sandbox.functions.lambda_facts import INITIALIZATION_SECONDS, REQUEST_MAX, RESPONSE_MAX, STORAGE, WARNING_SHARE

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


class LimitedUse(StrEnum):
    """What Lambda limits in a call."""

    DURATION = "duration"
    INITIALIZATION = "initialization"
    MEMORY = "memory"
    STORAGE = "storage"
    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitUse:
    """How much a call used of one limit.

    Attributes:
        what: What is limited.
        used: Milliseconds or bytes.
        limit: The most that is allowed, in the same unit.
        setting: The key of plugin.toml that raises the limit; empty when it is fixed.
    """

    what: LimitedUse
    used: float
    limit: float
    setting: str = ""


_NAMES = {
    LimitedUse.DURATION: "the timeout",
    LimitedUse.INITIALIZATION: "the time for the initialization",
    LimitedUse.MEMORY: "its memory",
    LimitedUse.STORAGE: STORAGE,
    LimitedUse.REQUEST: "the largest request",
    LimitedUse.RESPONSE: "the largest response",
}


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
    def limits(self) -> tuple[LimitUse, ...]:
        """How much the call used of each limit that is known here."""
        memory_limit, storage_limit = self.memory_size_mb * _MEGABYTE, self.storage_size_mb * _MEGABYTE
        uses = (
            (LimitedUse.DURATION, self.duration_ms, self.timeout_seconds * 1000, "timeout"),
            (LimitedUse.INITIALIZATION, self.initialization_ms, INITIALIZATION_SECONDS * 1000, ""),
            (LimitedUse.MEMORY, self.memory_used, memory_limit, "memorySize"),
            (LimitedUse.STORAGE, self.storage_used, storage_limit, "ephemeralStorage"),
            (LimitedUse.REQUEST, self.request_size, REQUEST_MAX, ""),
            (LimitedUse.RESPONSE, self.response_size, RESPONSE_MAX, ""),
        )
        return tuple(
            LimitUse(what=what, used=used, limit=limit, setting=setting)
            for what, used, limit, setting in uses
            if used is not None
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for each limit of which the call used more than 80 %."""
        return tuple(
            f"The call used {one.used / one.limit:.0%} of {_NAMES[one.what]}."
            + (f" Increase {one.setting} in plugin.toml." if one.setting else "")
            for one in self.limits
            if one.used > WARNING_SHARE * one.limit and one.what is not LimitedUse.INITIALIZATION
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
