"""Waits that cost no time in the process of a world: for the next attempt, and for a server that does not answer."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, ClassVar

import builder.image_release.repository_push
import builder.network.server_connection
import builder.publishing.clock
import builder.registry.registry_calls
from builder.registry import RegistryOptions
from tests.support.biot.virtual_time import VirtualClock

if TYPE_CHECKING:
    from collections.abc import Callable

REAL_PAUSE_SECONDS = 0.002
"""So long a virtual pause really takes: the bytes before it shall arrive before what comes after it."""


def hurry() -> None:
    """In this process, waits for the next attempt and for a server that does not answer are virtual.

    One request at a time: the limit that passes by the server's pauses is that of the present one.
    """
    builder.publishing.clock.SystemClock = Hurried  # type: ignore[misc,assignment]
    places = (
        (builder.network.server_connection, "threading", SimpleNamespace(Timer=Watch)),
        (builder.registry.registry_calls, "threading", SimpleNamespace(Event=HurriedStop)),
        (builder.image_release.repository_push, "RegistryOptions", partial(RegistryOptions, parallel=1)),
    )
    for module, name, virtual in places:
        assert name in vars(module), f"{module.__name__} has no {name} any more: runs would wait in real time"
        vars(module)[name] = virtual


class Hurried(VirtualClock):
    """The machine's clock, on which waiting costs nothing; all of a run's waits are counted together."""

    waited: ClassVar[float] = 0.0

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        Hurried.waited += seconds


class HurriedStop(threading.Event):
    """Ends the waits of a push, which cost no time."""

    def wait(self, timeout: float | None = None) -> bool:
        Hurried.waited += timeout or 0.0
        return self.is_set()


class Watch:
    """The client's limit for one exchange: it passes by the pauses of the server, and not by the machine's speed."""

    present: ClassVar[Watch | None] = None

    def __init__(self, seconds: float, hang_up: Callable[[], None]) -> None:
        self.daemon = True
        self.finished = threading.Event()
        self._left, self._hang_up = seconds, hang_up

    def start(self) -> None:
        Watch.present = self

    def cancel(self) -> None:
        Watch.present = None

    def spend(self, seconds: float) -> None:
        self._left -= seconds
        if self._left <= 0 and not self.finished.is_set():
            self.finished.set()
            self._hang_up()


# Each request is a task of its own: the pauses of one that the client gave up are not those of its next request.
_client: ContextVar[Watch | None] = ContextVar("client", default=None)


async def serve_pause(seconds: float) -> None:
    """A pause of the server: virtual for a client in this process, real for one in another."""
    watch = _client.get() or Watch.present
    if watch is None:
        await asyncio.sleep(seconds)
        return
    _client.set(watch)
    watch.spend(seconds)
    await asyncio.sleep(min(seconds, REAL_PAUSE_SECONDS))
