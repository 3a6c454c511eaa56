"""uvicorn's HTTP protocol, whose requests go through a fault gate whenever there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from sandbox.faults.gate import FaultGate


def gated_protocol(current_gate: Callable[[], FaultGate | None]) -> type[asyncio.Protocol]:
    """Return the protocol for ``uvicorn.Config(http=…)``.

    Args:
        current_gate: Called for each request; without a gate, the application answers.
    """

    class GatedProtocol(H11Protocol):
        """Passes its connection on when it calls the application."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
            super().connection_made(transport)
            app = self.app

            async def call_or_fail(scope: Scope, receive: Receive, send: Send) -> None:
                gate = current_gate()
                await (gate.gated(app, self) if gate else app)(scope, receive, send)

            self.app = call_or_fail

    return GatedProtocol
