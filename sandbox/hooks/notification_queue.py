"""Deliver notifications in the background: those of one endpoint one after the other, in the order of the calls."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.hooks.hook_calls import ChainContext, HookCaller
    from sandbox.hooks.rules.subscription_matching import HookSubscription


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """A notification on its way to one endpoint.

    Attributes:
        subscription: Whom to notify.
        event: The body without the token, which is signed when it is sent.
        chain: The chain that it belongs to.
        done: Is set when the endpoint has answered, or could not be reached.
    """

    subscription: HookSubscription
    event: Mapping[str, object] = field(repr=False)
    chain: ChainContext
    done: asyncio.Event = field(default_factory=asyncio.Event)


class NotificationQueue:
    """The notifications that wait. Belongs to one event loop; its methods may not be called from other threads.

    Args:
        caller: Calls the endpoints.
    """

    def __init__(self, caller: HookCaller) -> None:
        self._caller = caller
        self._waiting: dict[str, deque[Delivery]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}

    def add(self, delivery: Delivery) -> None:
        """Deliver a notification after all earlier ones to the same endpoint."""
        endpoint = delivery.subscription.endpoint
        self._waiting.setdefault(endpoint, deque()).append(delivery)
        if endpoint not in self._workers:
            self._workers[endpoint] = asyncio.get_running_loop().create_task(self._deliver_all(endpoint))

    async def drain(self, seconds: float) -> None:
        """Wait until everything is delivered, also what is added meanwhile, but not longer than some seconds."""
        end = asyncio.get_running_loop().time() + seconds
        while self._workers and (left := end - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._workers.values(), timeout=left)

    async def abandon(self) -> None:
        """Stop delivering, and report every notification that was not delivered."""
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        for waiting in self._waiting.values():
            for delivery in waiting:
                self._caller.report_undelivered(delivery.subscription, delivery.chain)
                delivery.done.set()
        self._waiting.clear()

    async def _deliver_all(self, endpoint: str) -> None:
        waiting = self._waiting[endpoint]
        try:
            while waiting:
                delivery = waiting.popleft()
                try:
                    await self._caller.call(delivery.subscription, delivery.event, delivery.chain)
                finally:
                    delivery.done.set()
        finally:
            del self._workers[endpoint]
