"""Which code answered a request below ``/run``: left in the scope of the request, for those who record it.

In the same way, those who call a plugin leave there what goes wrong in this call on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.functions.call_fault import CallFault

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from sandbox.functions.invocation import Invocation

_SCOPE_KEY = "sandbox.called_function"
_FAULT_KEY = "sandbox.call_fault"


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


def plan_fault(scope: MutableMapping[str, object], fault: CallFault | None) -> None:
    """Leave in the scope of a request what goes wrong on purpose in its call."""
    scope[_FAULT_KEY] = fault


def planned_fault(scope: Mapping[str, object]) -> CallFault | None:
    """Return what goes wrong on purpose in the call of a request; None for nothing."""
    fault = scope.get(_FAULT_KEY)
    return fault if isinstance(fault, CallFault) else None
