"""One request that meets a fault: how much of it is read, what takes effect, and what is sent back over the socket."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain
from typing import TYPE_CHECKING

from sandbox.faults.concurrent_changes import ConcurrentUser, call_application, plugin_name
from sandbox.faults.fault_list import ConcurrentChange, RequestEffect, RequestRead
from sandbox.faults.socket_steps import CompleteResponse, ConnectionEnd, FaultContext, Pause

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from datetime import datetime

    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn.protocols.http.h11_impl import H11Protocol

    from sandbox.faults.scenario_rules import FaultRule
    from sandbox.faults.socket_steps import Step

_NO_LINGER = struct.pack("ii", 1, 0)
"""SO_LINGER with zero seconds: closing sends RST."""
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_LAST_READ_SECONDS = 30.0
"""How long a client may take to read the last bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultEnvironment:
    """What faults need from the local BioT.

    Attributes:
        now: Returns the current time.
        raise_version: Raises a plugin's version and changes nothing else.
        track_task: Called with work that continues after the response.
        sleep: Waits for some seconds: in pauses within responses, and on connections that hang.
    """

    now: Callable[[], datetime]
    raise_version: Callable[[str], None]
    track_task: Callable[[asyncio.Task[CompleteResponse]], None]
    sleep: Callable[[float], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultyExchange:
    """A request, the fault that it meets, and its connection.

    Attributes:
        rule: The fault.
        environment: What the fault needs.
        connection: Of the client.
        app: The application.
        scope: Of the request.
        report: Called once with the status of the response, before it is sent; None for a response without one.
    """

    rule: FaultRule
    environment: FaultEnvironment
    connection: H11Protocol
    app: ASGIApp
    scope: Scope
    report: Callable[[int | None], None]

    async def play(self, receive: Receive, send: Send) -> None:
        """Handle the request, from reading it to the end of the connection."""
        kind = self.rule.kind
        body = await _read(receive, kind.reads)
        response = await self._take_effect(body)
        if kind.script is None:
            self.report(response.status)
            await send({"type": "http.response.start", "status": response.status, "headers": list(response.headers)})
            await send({"type": "http.response.body", "body": response.body})
            return
        context = FaultContext(
            response=response,
            path=self.scope["path"],
            seconds=self.rule.pause_seconds,
            elsewhere=self.rule.elsewhere,
            now=self.environment.now(),
        )
        steps = iter(kind.script(context))
        first = next(steps, ConnectionEnd.CLOSE)
        self.report(_status_of(first))
        end = await self._send(chain((first,), steps))
        await self._end(end, receive)

    async def _take_effect(self, body: bytes) -> CompleteResponse:
        """Let the request and concurrent changes take effect; return the real response, or an empty one."""
        kind, plugin = self.rule.kind, plugin_name(self.scope["path"], body)
        other_user = ConcurrentUser(app=self.app, scope=self.scope, plugin=plugin) if plugin else None
        await self._change_concurrently(other_user, kind.before)
        is_partly = kind.effect is RequestEffect.PARTLY and self.scope["method"] != "GET"
        before = await other_user.read() if other_user and is_partly else {}
        if kind.effect is RequestEffect.LATE:
            self.environment.track_task(asyncio.create_task(self._apply_later(body)))
        is_applied = kind.effect in {RequestEffect.APPLIED, RequestEffect.PARTLY}
        response = await call_application(self.app, self.scope, body) if is_applied else CompleteResponse()
        if other_user and is_partly and response.status < HTTPStatus.MULTIPLE_CHOICES:
            await other_user.restore_subscriptions(before)
        if self.scope["method"] != "GET":  # after a read, nothing is left to interfere with
            await self._change_concurrently(other_user, kind.after)
        return response

    async def _change_concurrently(self, user: ConcurrentUser | None, change: ConcurrentChange | None) -> None:
        if user is None or change is None:
            return
        if change is ConcurrentChange.VERSION:
            self.environment.raise_version(user.plugin)
        else:
            await user.change(change)

    async def _apply_later(self, body: bytes) -> CompleteResponse:
        await asyncio.sleep(self.rule.pause_seconds)
        return await call_application(self.app, self.scope, body)

    async def _send(self, steps: Iterable[Step]) -> ConnectionEnd:
        """Play the steps while the client is connected; return how the connection ends."""
        transport = self.connection.transport
        for step in steps:
            if transport.is_closing():
                break
            if isinstance(step, ConnectionEnd):
                return step
            if isinstance(step, Pause):
                await self.environment.sleep(step.seconds)
            else:
                transport.write(step)
                await self.connection.flow.drain()
        return ConnectionEnd.CLOSE

    async def _end(self, end: ConnectionEnd, receive: Receive) -> None:
        """End the connection, and wait until uvicorn has noticed, so that it sends nothing of its own."""
        transport = self.connection.transport
        if end is ConnectionEnd.RESET:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            transport.abort()
        elif end is ConnectionEnd.CLOSE:
            transport.close()
        seconds = (
            self.environment.sleep(self.rule.pause_seconds)
            if end is ConnectionEnd.HANG
            else asyncio.sleep(_LAST_READ_SECONDS)
        )
        waits = [asyncio.ensure_future(wait) for wait in (_disconnected(receive), seconds)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        transport.abort()
        await _disconnected(receive)


def _status_of(step: Step) -> int | None:
    match = _STATUS_LINE.match(step) if isinstance(step, bytes) else None
    return int(match[1]) if match else None


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
