"""The hooks of one running local BioT: who calls the endpoints, and who is informed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.hooks.hook_calls import HookCaller
from sandbox.hooks.hook_reports import HookObserver, NoObserver
from sandbox.hooks.notification_queue import NotificationQueue
from sandbox.hooks.rules.undocumented_hooks import OWN_ENDPOINT_TIMEOUT_SECONDS

if TYPE_CHECKING:
    from sandbox.hooks.hook_calls import Alteration
    from sandbox.instance_state import InstanceState


class Hooks:
    """The hooks of one running local BioT.

    Args:
        state: Its state.
        observer: Is informed of every step.
        own_timeout_seconds: How long an endpoint outside of BioT may take.
    """

    def __init__(
        self,
        state: InstanceState,
        observer: HookObserver | None = None,
        own_timeout_seconds: float = OWN_ENDPOINT_TIMEOUT_SECONDS,
    ) -> None:
        self.state = state
        self.observer: HookObserver = observer or NoObserver()
        self.caller = HookCaller(state.keys, state.clock)
        self.caller.timeouts_paused = lambda: state.functions.is_debugging
        self.queue = NotificationQueue(self.caller)
        self.own_timeout_seconds = own_timeout_seconds

    async def close(self) -> None:
        """Stop delivering notifications and close all connections. Call it in the server's event loop."""
        await self.queue.abandon()
        await self.caller.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class CallOptions:
    """What the local BioT itself may ask for when it makes a call.

    Attributes:
        alteration: Breaks every request to an endpoint on purpose.
        observer: Is informed in place of the usual observer.
    """

    alteration: Alteration | None = None
    observer: HookObserver | None = None
