"""Which code answered a request below ``/run``: left in the scope of the request, for those who record it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from sandbox.functions.invocation import Invocation

_SCOPE_KEY = "sandbox.called_function"


@dataclass(frozen=True, kw_only=True, slots=True)
class CalledFunction:
    """A call of a plugin's code.

    Attributes:
        artifact_sha256: The ZIP that ran.
        runtime: Its runtime.
        invocation: The answer with log and report.
    """

    artifact_sha256: str
    runtime: str
    invocation: Invocation


def note_function(scope: MutableMapping[str, object], called: CalledFunction) -> None:
    """Leave a call in the scope of its request, before the response is sent."""
    scope[_SCOPE_KEY] = called


def noted_function(scope: Mapping[str, object]) -> CalledFunction | None:
    """Return the call that a request has made; None when no code ran."""
    called = scope.get(_SCOPE_KEY)
    return called if isinstance(called, CalledFunction) else None
