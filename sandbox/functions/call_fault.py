"""What goes wrong in one call of a function on purpose, so that its callers can be tested."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CallFaultKind(StrEnum):
    """What goes wrong."""

    SLOW = "slow"
    """The handler gets its event later, and this time counts as the handler's."""
    KILLED = "killed"
    """The process is killed when it gets the event."""
    OUT_OF_MEMORY = "out-of-memory"
    """The call ends as if the handler had used all memory of the function."""
    LARGE_ANSWER = "large-answer"
    """The answer counts as larger than Lambda allows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CallFault:
    """A fault of one call.

    Attributes:
        kind: What goes wrong.
        seconds: How much later the handler gets its event.
    """

    kind: CallFaultKind
    seconds: float = 0
