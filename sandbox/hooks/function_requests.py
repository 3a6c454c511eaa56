"""Requests below ``/run``: those of the hooks pass, and every other one is a direct call, which is reported."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING
from urllib.parse import unquote
from uuid import uuid4

from sandbox.endpoints.called_function import noted_function, plan_fault
from sandbox.hooks.asgi_exchange import read_request
from sandbox.hooks.function_watch import BrokenCall
from sandbox.hooks.hook_reports import ChainEnd, ChainStart, ChainStep
from sandbox.hooks.hook_requests import HookRequest
from sandbox.hooks.rules import traces
from sandbox.hooks.rules.hook_answers import EndpointAnswer
from sandbox.web.biot_errors import ApiError
from sandbox.web.error_responses import error_response

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sandbox.hooks.rules.traces import Span
    from sandbox.hooks.running_hooks import Hooks

PREFIX = "/run/"
_KEPT_MAX = 1_048_576
"""Bytes of a response that are kept for the report."""


async def watch_function(app: ASGIApp, exchange: tuple[Scope, Receive, Send], hooks: Hooks) -> None:
    """Pass on a request below ``/run``, and report it if it is a direct call."""
    scope, receive, send = exchange
    header = next((value for name, value in scope["headers"] if name == b"traceparent"), b"").decode("latin-1")
    span = traces.parse_traceparent(header)
    if span and hooks.caller.functions.arrived(span.span_id):
        await _pass_on(app, exchange, hooks, span.span_id)
        return
    try:
        request = await read_request(scope, receive)
    except ApiError as error:
        await error_response(error, scope)(scope, receive, send)
        return
    if request is None:
        return
    call = _DirectCall((scope, request.body, send), span, hooks)
    broken = BrokenCall(path=scope["path"], traceparent=header, body=request.body)
    if identifier := hooks.caller.functions.arrived_broken(broken):
        await _pass_on(app, (scope, call.receive, send), hooks, identifier)
        return
    try:
        await app(scope, call.receive, call.send)
    finally:
        call.report()


async def _pass_on(app: ASGIApp, exchange: tuple[Scope, Receive, Send], hooks: Hooks, identifier: str) -> None:
    """Pass on the request of a hook, whose caller reports it, and note the code that answers it."""
    scope, receive, send = exchange
    plan_fault(scope, hooks.caller.functions.fault_of(identifier))

    async def send_and_note(message: Message) -> None:
        hooks.caller.functions.note(identifier, noted_function(scope))
        await send(message)

    await app(scope, receive, send_and_note)


class _DirectCall:
    """A direct call of a plugin's endpoint."""

    def __init__(self, exchange: tuple[Scope, bytes, Send], span: Span | None, hooks: Hooks) -> None:
        self._scope, self._sent, self._send = exchange
        self._is_read = False
        self._hooks = hooks
        self._sender = hooks.caller.plugin_calls.that_sent(span, "")
        self._span = span.child() if span else traces.new_span()
        self._started: datetime = hooks.state.clock.now()
        self._begin = time.perf_counter()
        self._answered = bytearray()
        self._status = 0

    async def receive(self) -> Message:
        """Return the body, and then never anything."""
        if self._is_read:
            await asyncio.Event().wait()
        self._is_read = True
        return {"type": "http.request", "body": self._sent, "more_body": False}

    async def send(self, message: Message) -> None:
        """Pass on a piece of the response."""
        self._status = message.get("status", self._status)
        self._answered += message.get("body", b"")[: _KEPT_MAX - len(self._answered)]
        await self._send(message)

    def report(self) -> None:
        """Report the call as a chain of one step."""
        chain, observer, path = uuid4().hex, self._hooks.observer, self._scope["path"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self._scope["headers"]}
        query = self._scope["query_string"].decode("latin-1")
        answer = EndpointAnswer(status=self._status, body=bytes(self._answered)) if self._status else None
        request = HookRequest(headers=headers, body=self._sent)
        milliseconds = (time.perf_counter() - self._begin) * 1000
        observer.chain_started(
            ChainStart(
                id=chain,
                kind="direct",
                title=f"{self._scope['method']} {path}{f'?{query}' if query else ''}",
                trace_id=self._span.trace_id,
                parent_id=self._sender.chain_id if self._sender else "",
                started=self._started,
                method=self._scope["method"],
                headers=headers,
                body=request.body,
            )
        )
        observer.step_done(
            ChainStep(
                chain_id=chain,
                name="DIRECT",
                endpoint=unquote(path.removeprefix(PREFIX).partition("/")[0]),
                span_id=self._span.span_id,
                request=request,
                answer=answer,
                problem="" if answer else "The client closed the connection before there was an answer.",
                started=self._started,
                milliseconds=milliseconds,
                function=noted_function(self._scope),
            )
        )
        observer.chain_ended(ChainEnd(id=chain, answer=answer, milliseconds=milliseconds))
