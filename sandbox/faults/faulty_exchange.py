"""One request meets one fault: what is read, what takes effect, what goes back over the socket."""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from sandbox.faults.concurrent_changes import ConcurrentUser, call_application, plugin_name
from sandbox.faults.fault_list import ConcurrentChange, RequestEffect, RequestRead
from sandbox.faults.socket_steps import CompleteResponse, ConnectionEnd, FaultContext, Pause

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from datetime import datetime

    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn.protocols.http.h11_impl import H11Protocol

    from sandbox.faults.scenario import FaultRule
    from sandbox.faults.socket_steps import Step

_LINGER_NOT = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing sends RST."""
_GOODBYE_SECONDS = 30.0
"""So long a client may take to read the last bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultEnvironment:
    """What faults need of the local BioT around them.

    Attributes:
        now: Tells the time.
        burn_version: Raises a plugin's version and nothing else.
        keep: Is given the work that goes on after the answer.
        sleep: Waits so many seconds: pauses within answers, and connections that hang.
    """

    now: Callable[[], datetime]
    burn_version: Callable[[str], None]
    keep: Callable[[asyncio.Task[CompleteResponse]], None]
    sleep: Callable[[float], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultyExchange:
    """A request, the fault that it meets, and the connection that it came by."""

    rule: FaultRule
    surroundings: FaultEnvironment
    connection: H11Protocol
    app: ASGIApp
    scope: Scope

    async def play(self, receive: Receive, send: Send) -> None:
        """Everything, from reading the request to the end of the connection."""
        kind = self.rule.kind
        body = await _read(receive, kind.reads)
        answered = await self._take_effect(body)
        if kind.answer is None:
            await send({"type": "http.response.start", "status": answered.status, "headers": list(answered.headers)})
            await send({"type": "http.response.body", "body": answered.body})
            return
        circumstances = FaultContext(
            answered=answered,
            path=self.scope["path"],
            seconds=self.rule.pause_seconds,
            elsewhere=self.rule.elsewhere,
            now=self.surroundings.now(),
        )
        end = await self._send(kind.answer(circumstances))
        await self._end(end, receive)

    async def _take_effect(self, body: bytes) -> CompleteResponse:
        """What becomes of the request, and what others do meanwhile; the application's answer if it was asked."""
        kind, plugin = self.rule.kind, plugin_name(self.scope["path"], body)
        colleague = ConcurrentUser(app=self.app, scope=self.scope, plugin=plugin) if plugin else None
        await self._meddle(colleague, kind.before)
        is_partly = kind.effect is RequestEffect.PARTLY and self.scope["method"] != "GET"
        present = await colleague.read() if colleague and is_partly else {}
        if kind.effect is RequestEffect.LATE:
            self.surroundings.keep(asyncio.create_task(self._apply_later(body)))
        asked = kind.effect in {RequestEffect.APPLIED, RequestEffect.PARTLY}
        answered = await call_application(self.app, self.scope, body) if asked else CompleteResponse()
        if colleague and is_partly and answered.status < HTTPStatus.MULTIPLE_CHOICES:
            await colleague.restore_subscriptions(present)
        if self.scope["method"] != "GET":  # what a question leaves behind is as it was before
            await self._meddle(colleague, kind.after)
        return answered

    async def _meddle(self, colleague: ConcurrentUser | None, meddling: ConcurrentChange | None) -> None:
        if colleague is None or meddling is None:
            return
        if meddling is ConcurrentChange.VERSION:
            self.surroundings.burn_version(colleague.plugin)
        else:
            await colleague.meddle(meddling)

    async def _apply_later(self, body: bytes) -> CompleteResponse:
        await asyncio.sleep(self.rule.pause_seconds)
        return await call_application(self.app, self.scope, body)

    async def _send(self, steps: Iterable[Step]) -> ConnectionEnd:
        """Play the steps as long as the client is there; how it is to end."""
        transport = self.connection.transport
        for step in steps:
            if transport.is_closing():
                break
            if isinstance(step, ConnectionEnd):
                return step
            if isinstance(step, Pause):
                await self.surroundings.sleep(step.seconds)
            else:
                transport.write(step)
                await self.connection.flow.drain()
        return ConnectionEnd.CLOSE

    async def _end(self, end: ConnectionEnd, receive: Receive) -> None:
        """End the connection, and wait until uvicorn has noticed: then it adds nothing of its own."""
        transport = self.connection.transport
        if end is ConnectionEnd.RESET:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            transport.abort()
        elif end is ConnectionEnd.CLOSE:
            transport.close()
        seconds = (
            self.surroundings.sleep(self.rule.pause_seconds)
            if end is ConnectionEnd.HANG
            else asyncio.sleep(_GOODBYE_SECONDS)
        )
        waits = [asyncio.ensure_future(wait) for wait in (_disconnected(receive), seconds)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        transport.abort()
        await _disconnected(receive)


async def _read(receive: Receive, reads: RequestRead) -> bytes:
    parts = []
    more = reads is not RequestRead.NOTHING
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False) and reads is RequestRead.ALL
    return b"".join(parts)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
