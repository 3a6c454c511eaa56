"""One call of one endpoint: its step of the trace, its token, the request, and the report."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from starlette.concurrency import run_in_threadpool

from sandbox.hooks.endpoint_client import EndpointClient
from sandbox.hooks.function_watch import BrokenCall, FunctionWatch
from sandbox.hooks.hook_reports import ChainStep
from sandbox.hooks.hook_requests import HookRequest, HookTokens, hook_request
from sandbox.hooks.rules.hook_answers import EndpointAnswer
from sandbox.hooks.rules.planned_faults import target_of
from sandbox.hooks.rules.traces import HEADER, PluginCall, PluginCalls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.clock import Clock
    from sandbox.hooks.hook_reports import HookObserver
    from sandbox.hooks.rules.hook_answers import EndpointFailure
    from sandbox.hooks.rules.planned_faults import FaultPlan, HookFault
    from sandbox.hooks.rules.subscription_matching import HookSubscription, HookType
    from sandbox.hooks.rules.traces import Span
    from sandbox.tokens.signing_keys import SigningKeys

    Alteration = Callable[[HookType, HookRequest], HookRequest]
    """Changes a request before it is sent to an endpoint, to break it on purpose."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainContext:
    """What all calls of one chain share.

    Attributes:
        id: The id of the chain.
        span: The chain's step of the trace.
        parent: The call of a plugin that caused it; None when a person or a program did.
        observer: Is informed of every step.
        language: The caller's ``accept-language``.
        alteration: Breaks every request to an endpoint on purpose; None changes nothing.
    """

    id: str
    span: Span
    observer: HookObserver
    parent: PluginCall | None = None
    language: str = ""
    alteration: Alteration | None = field(default=None, repr=False)


def _broken_call(endpoint: str, request: HookRequest, span: Span) -> BrokenCall | None:
    """Return what identifies a request that no longer has its ``traceparent``; None if it has."""
    sent = request.headers.get(HEADER, "")
    if sent == span.traceparent:
        return None
    return BrokenCall(path=unquote(urlsplit(endpoint).path) or "/", traceparent=sent, body=request.body)


def _no_problem(_answer: EndpointAnswer | EndpointFailure) -> str:
    return ""


class HookCaller:
    """Calls endpoints. Belongs to one event loop.

    Args:
        keys: The key pairs that sign the tokens.
        clock: The current time.

    Attributes:
        client: Sends the requests.
        plan: What goes wrong on purpose; None for nothing.
        timeouts_paused: Returns whether a plugin may take as long as it wants, because a person debugs it.
    """

    def __init__(self, keys: SigningKeys, clock: Clock) -> None:
        self.plan: FaultPlan | None = None
        self.timeouts_paused: Callable[[], bool] = bool
        self.plugin_calls = PluginCalls()
        self.functions = FunctionWatch()
        self.tokens = HookTokens(keys, clock)
        self._keys = keys
        self._clock = clock
        self.client = EndpointClient()

    async def call(
        self,
        subscription: HookSubscription,
        event: Mapping[str, object],
        chain: ChainContext,
        problem_of: Callable[[EndpointAnswer | EndpointFailure], str] = _no_problem,
    ) -> EndpointAnswer | EndpointFailure:
        """Call the endpoint of a subscription and report it.

        Args:
            subscription: Whom to call.
            event: What it receives.
            chain: What the call is a step of.
            problem_of: Returns what is wrong with an answer, so that it is reported with the call.
        """
        kind, span = subscription.type, chain.span.child()
        called = PluginCall(span=span, chain_id=chain.id, listener=subscription.listener, parent=chain.parent)
        self.plugin_calls.add(called)
        fault = self.plan.next_fault(target_of(subscription)) if self.plan and subscription.plugin else None
        request = self._request_to(subscription, event, chain, called, fault)
        if fault and fault.rotates_key:
            await run_in_threadpool(self._keys.rotate)
        started, begin = self._clock.now(), time.perf_counter()
        answer: EndpointAnswer | EndpointFailure | None = None
        wrong = ""
        try:
            answer = await self._answer_of(subscription, request, fault)
            wrong = problem_of(answer)
        finally:
            step = ChainStep(
                chain_id=chain.id,
                name=kind.value,
                subscription=subscription,
                span_id=span.span_id,
                request=request,
                answer=answer if isinstance(answer, EndpointAnswer) else None,
                problem=_problem(answer) or wrong,
                started=started,
                milliseconds=(time.perf_counter() - begin) * 1000,
                function=self.functions.take(span.span_id),
                fault=fault.note if fault else "",
            )
            chain.observer.step_done(step)
        return answer

    def _request_to(
        self,
        subscription: HookSubscription,
        event: Mapping[str, object],
        chain: ChainContext,
        called: PluginCall,
        fault: HookFault | None,
    ) -> HookRequest:
        """The request to an endpoint, as the chain and a fault change it; the function that gets it is expected."""
        kind, span = subscription.type, called.span
        token = self.tokens.token_for(kind, fault.clock_seconds if fault else 0)
        request, broken = hook_request(kind, event, token, span, chain.language), None
        if chain.alteration:
            request = chain.alteration(kind, request)
            broken = _broken_call(subscription.endpoint, request, span)
        self.functions.expect(span.span_id, fault.function if fault else None, broken)
        return request

    async def _answer_of(
        self, subscription: HookSubscription, request: HookRequest, fault: HookFault | None
    ) -> EndpointAnswer | EndpointFailure:
        """The answer of an endpoint, within the timeout of its subscription, with the change that a fault makes."""
        paused = subscription.plugin and self.timeouts_paused()
        seconds = None if paused else subscription.timeout_seconds
        answer = await self.client.post(subscription.endpoint, request, seconds)
        if fault and fault.change_answer and isinstance(answer, EndpointAnswer):
            return fault.change_answer(answer)
        return answer

    def report_undelivered(self, subscription: HookSubscription, chain: ChainContext) -> None:
        """Report a notification that was not sent, because the local BioT stopped."""
        chain.observer.step_done(
            ChainStep(
                chain_id=chain.id,
                name=subscription.type.value,
                subscription=subscription,
                request=HookRequest(headers={}, body=b""),
                answer=None,
                problem=_problem(None),
                started=self._clock.now(),
                milliseconds=0,
            )
        )

    async def close(self) -> None:
        """Close all connections."""
        await self.client.close()


def _problem(answer: EndpointAnswer | EndpointFailure | None) -> str:
    if answer is None:
        return "The local BioT stopped before there was an answer."
    if isinstance(answer, EndpointAnswer):
        return "" if answer.succeeded else f"It answered {answer.status}."
    return answer.message
