"""Which code answered a call of the hooks.

A hook calls a plugin of this local BioT by a request below ``/run`` of this local BioT itself. It is recognized by the
span id of its ``traceparent``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.endpoints.called_function import CalledFunction
    from sandbox.functions.call_fault import CallFault


class FunctionWatch:
    """The calls that the hooks expect below ``/run``, and the code that answered them."""

    def __init__(self) -> None:
        self._called: dict[str, CalledFunction | None] = {}
        self._faults: dict[str, CallFault] = {}
        self._arrived: set[str] = set()

    def expect(self, span_id: str, fault: CallFault | None = None) -> None:
        """Expect the request of a hook, in whose call something may go wrong on purpose."""
        self._called[span_id] = None
        if fault:
            self._faults[span_id] = fault

    def arrived(self, span_id: str) -> bool:
        """Return whether a request is the expected one; only the first with its span id is."""
        if span_id not in self._called or span_id in self._arrived:
            return False
        self._arrived.add(span_id)
        return True

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
        return self._called.pop(span_id, None)
