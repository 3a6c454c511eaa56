"""Which code answered a call of the hooks.

A hook calls a plugin of this local BioT by a request below ``/run`` of this local BioT itself. It is recognized by the
span id of its ``traceparent``; if that was broken on purpose, by everything that was sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.endpoints.called_function import CalledFunction
    from sandbox.functions.call_fault import CallFault


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokenCall:
    """A request whose ``traceparent`` was broken on purpose: what identifies it instead.

    Attributes:
        path: Where it is sent, decoded.
        traceparent: What it has in place of the right one; empty for nothing.
        body: Its body.
    """

    path: str
    traceparent: str
    body: bytes


class FunctionWatch:
    """The calls that the hooks expect below ``/run``, and the code that answered them."""

    def __init__(self) -> None:
        self._called: dict[str, CalledFunction | None] = {}
        self._faults: dict[str, CallFault] = {}
        self._arrived: set[str] = set()
        self._broken: dict[str, BrokenCall] = {}

    def expect(self, span_id: str, fault: CallFault | None = None, broken: BrokenCall | None = None) -> None:
        """Expect the request of a hook, in whose call something may go wrong on purpose."""
        self._called[span_id] = None
        if broken:
            self._broken[span_id] = broken
        if fault:
            self._faults[span_id] = fault

    def arrived(self, span_id: str) -> bool:
        """Return whether a request is the expected one; only the first with its span id is."""
        if span_id not in self._called or span_id in self._arrived:
            return False
        self._arrived.add(span_id)
        return True

    def arrived_broken(self, request: BrokenCall) -> str:
        """Return the span id of the expected request that this is; empty if it is none."""
        waiting = (span_id for span_id, broken in self._broken.items() if broken == request)
        return next((span_id for span_id in waiting if self.arrived(span_id)), "")

    def fault_of(self, span_id: str) -> CallFault | None:
        """Return what goes wrong on purpose in the expected call; None for nothing."""
        return self._faults.get(span_id)

    def note(self, span_id: str, called: CalledFunction | None) -> None:
        """Note the code that answers it."""
        if span_id in self._called:
            self._called[span_id] = called

    def take(self, span_id: str) -> CalledFunction | None:
        """Return the code that answered a hook, and forget the call."""
        self._arrived.discard(span_id)
        self._faults.pop(span_id, None)
        self._broken.pop(span_id, None)
        return self._called.pop(span_id, None)
