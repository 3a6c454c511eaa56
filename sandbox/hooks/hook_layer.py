"""The layer around the routes: every call of an API of the catalog passes through the hooks."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from sandbox.hooks.api_chain import ApiCallChain, ApiOutcome, IncomingCall
from sandbox.hooks.asgi_exchange import AppRunner, read_request, send_response
from sandbox.hooks.function_requests import PREFIX, watch_function
from sandbox.hooks.hook_calls import ChainContext
from sandbox.hooks.hook_reports import ChainEnd, ChainStart
from sandbox.hooks.rules import traces
from sandbox.hooks.rules.called_api import find_called_api
from sandbox.hooks.rules.hook_answers import EndpointAnswer, error_answer
from sandbox.hooks.rules.hook_events import Initiator
from sandbox.hooks.rules.subscription_matching import HookType, Occurrence, Reason, ReasonCode, consider, with_reason
from sandbox.hooks.rules.undocumented_hooks import DEPTH_MAX
from sandbox.hooks.running_hooks import CallOptions
from sandbox.hooks.subscription_reader import read_listeners
from sandbox.ums.accounts import ORGANIZATION
from sandbox.web.authorization import authenticate
from sandbox.web.biot_errors import ApiError
from sandbox.web.error_responses import error_response
from sandbox.web.noted_faults import noted_fault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.applications import Starlette
    from starlette.types import Receive, Scope, Send

    from sandbox.hooks.rules.api_messages import BiotRequest
    from sandbox.hooks.rules.called_api import CalledApi
    from sandbox.hooks.rules.subscription_matching import ConsideredSubscription, HookSubscription
    from sandbox.hooks.rules.traces import PluginCall
    from sandbox.hooks.running_hooks import Hooks
    from sandbox.hooks.subscription_reader import Listeners
    from sandbox.web.authorization import Caller

ALLOW_INTERCEPTION = "allow-interception"
"""With this header, calls that a plugin makes reach the interceptors too (BioT's guide to API calls from plugins)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Circumstances:
    """What the database says about a call."""

    caller: Caller | None
    listeners: Listeners
    address: str

    @property
    def plugin(self) -> str:
        """The plugin that makes the call; empty when it is somebody else."""
        return self.listeners.plugin_users.get(self.caller.id, "") if self.caller else ""


class HookLayer:
    """Calls the hooks around the application's APIs.

    Args:
        app: The application with the routes, which find this layer in ``app.state.hook_layer``.
        hooks: The hooks.
    """

    def __init__(self, app: Starlette, hooks: Hooks) -> None:
        self._app = app
        self.hooks = hooks
        app.state.hook_layer = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, through the hooks if it calls an API of the catalog."""
        if scope["path"].startswith(PREFIX):
            await watch_function(self._app, (scope, receive, send), self.hooks)
            return
        api = find_called_api(scope["method"], scope["path"])
        if api is None:
            await self._app(scope, receive, send)
            return
        try:
            request = await read_request(scope, receive)
        except ApiError as error:
            await error_response(error, scope)(scope, receive, send)
            return
        if request is not None:
            outcome = await self.carry_out(scope, request, api)
            await send_response(send, outcome.response)

    async def carry_out(
        self, scope: Scope, request: BiotRequest, api: CalledApi, options: CallOptions | None = None
    ) -> ApiOutcome:
        """Carry out a call with all its hooks, and start to deliver its notifications.

        Args:
            scope: The scope of the request.
            request: The request.
            api: The API that it calls.
            options: What the local BioT itself may ask for.
        """
        begin = time.perf_counter()
        found = await run_in_threadpool(self._look_up, scope, request)
        context = self._context(request, found, options or CallOptions())
        request = replace(request, headers={**request.headers, traces.HEADER: context.span.traceparent})
        context.observer.chain_started(replace(self._start(request, api, context), fault=noted_fault(scope)))
        outcome = await self._outcome(AppRunner(self._app, scope), request, api, found, context)
        response = outcome.response
        context.observer.chain_ended(
            ChainEnd(
                id=context.id,
                answer=EndpointAnswer(status=response.status, headers=dict(response.headers), body=response.body),
                considered=outcome.considered,
                notifications=len(outcome.deliveries),
                problem=outcome.problem,
                milliseconds=(time.perf_counter() - begin) * 1000,
            )
        )
        for delivery in outcome.deliveries:
            self.hooks.queue.add(delivery)
        return outcome

    def _look_up(self, scope: Scope, request: BiotRequest) -> _Circumstances:
        """Find the caller and all subscriptions. A caller without a valid token is refused by the API itself."""
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items()]
        try:
            caller = authenticate(Request({**scope, "app": self._app, "headers": raw}))
        except ApiError:
            caller = None
        with self.hooks.state.database.read() as connection:
            listeners = read_listeners(connection, self.hooks.own_timeout_seconds)
        host, port = scope.get("client") or ("127.0.0.1", 0)
        return _Circumstances(caller=caller, listeners=listeners, address=f"{host}:{port}")

    def _context(self, request: BiotRequest, found: _Circumstances, options: CallOptions) -> ChainContext:
        received = traces.parse_traceparent(request.headers.get(traces.HEADER, ""))
        return ChainContext(
            id=uuid4().hex,
            span=received.child() if received else traces.new_span(),
            parent=self.hooks.caller.plugin_calls.that_sent(received, found.plugin),
            observer=options.observer or self.hooks.observer,
            language=request.headers.get("accept-language", ""),
            alteration=options.alteration,
        )

    def _start(self, request: BiotRequest, api: CalledApi, context: ChainContext) -> ChainStart:
        query = request.query_string
        return ChainStart(
            id=context.id,
            kind="api",
            title=f"{request.method} {request.path}{f'?{query}' if query else ''}",
            entity=api.entity,
            action=api.action,
            trace_id=context.span.trace_id,
            parent_id=context.parent.chain_id if context.parent else "",
            started=self.hooks.state.clock.now(),
            method=request.method,
            headers=request.headers,
            body=request.body,
        )

    async def _outcome(
        self, runner: AppRunner, request: BiotRequest, api: CalledApi, found: _Circumstances, context: ChainContext
    ) -> ApiOutcome:
        subscriptions = found.listeners.subscriptions
        if context.parent and context.parent.depth >= DEPTH_MAX:
            reason = Reason(code=ReasonCode.LOOP, message=_loop_message(context.parent))
            response = error_answer(ApiError(508, "LOOP_DETECTED", reason.message), api, context.span.trace_id)
            return ApiOutcome(response=response, considered=_all_barred(subscriptions, api, reason))
        if found.caller is None:
            message = "The caller has no valid token, so BioT refused the call before any hook."
            reason = Reason(code=ReasonCode.NOT_AUTHENTICATED, message=message)
            refused = (await runner.run(request)).response
            return ApiOutcome(response=refused, considered=_all_barred(subscriptions, api, reason))
        call = IncomingCall(
            api=api,
            request=request,
            initiator=Initiator(
                id=found.caller.id, organization=ORGANIZATION, token_type=found.caller.kind, address=found.address
            ),
            subscriptions=subscriptions,
            barred=_barred(found.plugin, request),
            context=context,
        )
        return await ApiCallChain(call, runner, self.hooks.caller, self.hooks.state.clock).run()


def _barred(plugin: str, request: BiotRequest) -> Reason | None:
    """Return why interceptors are not called; None when they are."""
    if not plugin or ALLOW_INTERCEPTION in request.headers:
        return None
    message = f"{plugin} itself made the call, and without the header {ALLOW_INTERCEPTION} BioT calls no interceptors."
    return Reason(code=ReasonCode.PLUGIN_CALL, message=message)


def _all_barred(
    subscriptions: Iterable[HookSubscription], api: CalledApi, reason: Reason
) -> tuple[ConsideredSubscription, ...]:
    considered = consider(subscriptions, Occurrence(entity=api.entity, action=api.action, api=api))
    return tuple(with_reason(considered, HookType, reason))


def _loop_message(call: PluginCall) -> str:
    path = " → ".join(one.listener for one in reversed(list(call.ancestry())))
    return (
        f"Stopped after {call.depth} nested calls, each made by a plugin while it handled the one before: {path}. "
        "BioT itself would go on. A plugin must not cause the event that it is called for."
    )
