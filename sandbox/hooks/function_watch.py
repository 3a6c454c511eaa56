"""Which code answered a call of the hooks.

The hooks call a plugin by HTTP, so its call comes back to this local BioT as a request below ``/run``. It is recognized
by the span id of its ``traceparent``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.endpoints.called_function import CalledFunction


class FunctionWatch:
    """The calls that the hooks expect below ``/run``, and the code that answered them."""

    def __init__(self) -> None:
        self._called: dict[str, CalledFunction | None] = {}
        self._arrived: set[str] = set()

    def expect(self, span_id: str) -> None:
        """Expect the request of a hook."""
        self._called[span_id] = None

    def arrived(self, span_id: str) -> bool:
        """Return whether a request is the expected one; only the first with its span id is."""
        if span_id not in self._called or span_id in self._arrived:
            return False
        self._arrived.add(span_id)
        return True

    def note(self, span_id: str, called: CalledFunction | None) -> None:
        """Note the code that answers it."""
        if span_id in self._called:
            self._called[span_id] = called

    def take(self, span_id: str) -> CalledFunction | None:
        """Return the code that answered a hook, and forget the call."""
        self._arrived.discard(span_id)
        return self._called.pop(span_id, None)
