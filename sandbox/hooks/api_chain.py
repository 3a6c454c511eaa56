"""One API call with everything that BioT does around it: interceptors, the API, notifications."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial as bind
from typing import TYPE_CHECKING, Protocol, TypeVar

from sandbox.clock import iso
from sandbox.hooks.hook_reports import ChainStep
from sandbox.hooks.hook_requests import HookRequest
from sandbox.hooks.notification_queue import Delivery
from sandbox.hooks.rules.called_api import CalledApi, find_called_api
from sandbox.hooks.rules.hook_answers import (
    AnsweringHook,
    ChainEnded,
    EndpointAnswer,
    adapted_response,
    changed_request,
    changed_response,
    entities_of,
)
from sandbox.hooks.rules.hook_events import (
    entities_event,
    notification_event,
    request_event,
    response_event,
)
from sandbox.hooks.rules.subscription_matching import (
    INTERCEPTIONS,
    ConsideredSubscription,
    HookType,
    Occurrence,
    Reason,
    ReasonCode,
    consider,
    in_order,
    with_reason,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from sandbox.clock import Clock
    from sandbox.entities.entity_calls import EntityChange
    from sandbox.hooks.asgi_exchange import RanApi
    from sandbox.hooks.hook_calls import ChainContext, HookCaller
    from sandbox.hooks.rules.api_messages import BiotRequest, BiotResponse
    from sandbox.hooks.rules.hook_answers import EndpointFailure
    from sandbox.hooks.rules.hook_events import Initiator
    from sandbox.hooks.rules.subscription_matching import HookSubscription

_AFTER_THE_API = (HookType.ADAPT_ENTITY, HookType.POST_REQUEST, HookType.NOTIFICATION)


Message = TypeVar("Message")
"""A request or a response, which interceptors change."""


class ApiRunner(Protocol):
    """Runs an API without any hooks."""

    async def run(self, request: BiotRequest) -> RanApi:
        """Return the response of the API, and what the call changed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IncomingCall:
    """A call of an API, with everything that decides whom BioT calls.

    Attributes:
        api: The API.
        request: The request.
        initiator: Who makes the call.
        subscriptions: All subscriptions.
        barred: Why no interceptor is called for this call; None when they are.
        context: What all steps share.
    """

    api: CalledApi
    request: BiotRequest
    initiator: Initiator
    subscriptions: tuple[HookSubscription, ...]
    barred: Reason | None
    context: ChainContext


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiOutcome:
    """What an API call led to.

    Attributes:
        response: The response for the caller.
        considered: All subscriptions, with the reasons against each that was not called.
        deliveries: The notifications to deliver.
        problem: What was wrong with the interceptor that ended the chain; empty when it refused on purpose.
    """

    response: BiotResponse
    considered: tuple[ConsideredSubscription, ...]
    deliveries: tuple[Delivery, ...] = ()
    problem: str = ""


class ApiCallChain:
    """Carries out one call.

    Args:
        call: The call.
        runner: Runs the API itself.
        caller: Calls the endpoints.
        clock: The current time.
    """

    def __init__(self, call: IncomingCall, runner: ApiRunner, caller: HookCaller, clock: Clock) -> None:
        self._call = call
        self._runner = runner
        self._caller = caller
        self._clock = clock
        self._called: list[HookSubscription] = []

    async def run(self) -> ApiOutcome:
        """Call the interceptors before the API, the API, and the interceptors after it."""
        before = self._consider(self._call.api)
        request = await self._intercept_request(before)
        if isinstance(request, ChainEnded):
            considered = self._final(before, self._ended_reason())
            return ApiOutcome(response=request.response, considered=considered, problem=request.problem)
        api = find_called_api(request.method, request.path) or self._call.api
        start = self._clock.now()
        ran = await self._run_api(request)
        response, change = ran.response, ran.change
        all_considered = _merged(before, self._consider(api, change), response)
        if not response.succeeded:
            return ApiOutcome(response=response, considered=self._final(all_considered, None))
        deliveries = self._deliveries(all_considered, change, start) if change else []
        self._called += [delivery.subscription for delivery in deliveries]
        final = await self._intercept_response(all_considered, api, response)
        if isinstance(final, ChainEnded):
            return ApiOutcome(
                response=final.response,
                considered=self._final(all_considered, self._ended_reason()),
                deliveries=tuple(deliveries),
                problem=final.problem,
            )
        return ApiOutcome(response=final, considered=self._final(all_considered, None), deliveries=tuple(deliveries))

    def _consider(self, api: CalledApi, change: EntityChange | None = None) -> list[ConsideredSubscription]:
        occurrence = Occurrence(
            entity=api.entity,
            action=change.action if change else api.action,
            template=template_of(change.entity) if change else "",
            api=api,
        )
        considered = consider(self._call.subscriptions, occurrence)
        return with_reason(considered, INTERCEPTIONS, self._call.barred) if self._call.barred else considered

    async def _intercept_request(self, considered: Iterable[ConsideredSubscription]) -> BiotRequest | ChainEnded:
        request = self._call.request
        for subscription in in_order(considered, HookType.PRE_REQUEST):
            event = request_event(self._call.initiator, self._call.api, request)
            change = bind(changed_request, request, hook=self._hook(subscription, self._call.api))
            changed = await self._send(subscription, event, change)
            if isinstance(changed, ChainEnded):
                return changed
            request = changed
        return request

    async def _intercept_response(
        self, considered: list[ConsideredSubscription], api: CalledApi, response: BiotResponse
    ) -> BiotResponse | ChainEnded:
        initiator = self._call.initiator
        for subscription in in_order(considered, HookType.ADAPT_ENTITY):
            event = entities_event(initiator, api, response.status, entities_of(response) or [])
            change = bind(adapted_response, response, hook=self._hook(subscription, api))
            changed = await self._send(subscription, event, change)
            if isinstance(changed, ChainEnded):
                return changed
            response = changed
        for subscription in in_order(considered, HookType.POST_REQUEST):
            event = response_event(initiator, api, response)
            change = bind(changed_response, response, hook=self._hook(subscription, api))
            changed = await self._send(subscription, event, change)
            if isinstance(changed, ChainEnded):
                return changed
            response = changed
        return response

    async def _send(
        self,
        subscription: HookSubscription,
        event: Mapping[str, object],
        change: Callable[[EndpointAnswer | EndpointFailure], Message | ChainEnded],
    ) -> Message | ChainEnded:
        """Call an interceptor and return what its answer makes of the message, which is part of the call's report."""
        results: list[Message | ChainEnded] = []

        def problem_of(answer: EndpointAnswer | EndpointFailure) -> str:
            results.append(change(answer))
            return results[0].problem if isinstance(results[0], ChainEnded) else ""

        self._called.append(subscription)
        await self._caller.call(subscription, event, self._call.context, problem_of)
        return results[0]

    async def _run_api(self, request: BiotRequest) -> RanApi:
        started, begin = self._clock.now(), time.perf_counter()
        ran = await self._runner.run(request)
        response = ran.response
        self._call.context.observer.step_done(
            ChainStep(
                chain_id=self._call.context.id,
                name="API",
                span_id=self._call.context.span.span_id,
                request=HookRequest(headers=request.headers, body=request.body),
                answer=EndpointAnswer(status=response.status, headers=dict(response.headers), body=response.body),
                started=started,
                milliseconds=(time.perf_counter() - begin) * 1000,
            )
        )
        return ran

    def _deliveries(
        self, considered: Iterable[ConsideredSubscription], change: EntityChange, start: datetime
    ) -> list[Delivery]:
        event = notification_event(self._call.initiator, change, iso(start), iso(self._clock.now()))
        return [
            Delivery(subscription=one, event=event, chain=self._call.context)
            for one in in_order(considered, HookType.NOTIFICATION)
        ]

    def _hook(self, subscription: HookSubscription, api: CalledApi) -> AnsweringHook:
        return AnsweringHook(listener=subscription.listener, trace_id=self._call.context.span.trace_id, api=api)

    def _ended_reason(self) -> Reason:
        last = self._called[-1]
        message = f"{last.listener} (order {last.order}) ended the chain before."
        return Reason(code=ReasonCode.CHAIN_ENDED, message=message)

    def _final(
        self, considered: Iterable[ConsideredSubscription], reason: Reason | None
    ) -> tuple[ConsideredSubscription, ...]:
        """Add the reason against those that match and were not called."""
        called = {id(subscription) for subscription in self._called}
        return tuple(
            ConsideredSubscription(subscription=one.subscription, reasons=(reason,))
            if reason and one.matches and id(one.subscription) not in called
            else one
            for one in considered
        )


def _merged(
    before: list[ConsideredSubscription], after: list[ConsideredSubscription], response: BiotResponse
) -> list[ConsideredSubscription]:
    """Return what was considered before the API for PRE_REQUEST, and after it for the rest."""
    merged = [
        early if early.subscription.type is HookType.PRE_REQUEST else late
        for early, late in zip(before, after, strict=True)
    ]
    if not response.succeeded:
        message = f"The API answered {response.status}, and this follows a success only."
        return with_reason(merged, _AFTER_THE_API, Reason(code=ReasonCode.API_FAILED, message=message))
    if entities_of(response) is None:
        message = "The response of the API has no entity."
        return with_reason(merged, (HookType.ADAPT_ENTITY,), Reason(code=ReasonCode.NO_ENTITY, message=message))
    return merged


def template_of(entity: Mapping[str, object]) -> str:
    """Return the name of an entity's template; empty when it has none."""
    template = entity.get("_template")
    name = template.get("name") if isinstance(template, dict) else None
    return name if isinstance(name, str) else ""
