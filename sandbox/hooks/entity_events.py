"""An event that no API call causes, such as a log-in of a patient: only notifications follow it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.concurrency import run_in_threadpool

from sandbox.clock import iso
from sandbox.hooks.api_chain import template_of
from sandbox.hooks.hook_calls import ChainContext
from sandbox.hooks.hook_reports import ChainEnd, ChainStart
from sandbox.hooks.notification_queue import Delivery
from sandbox.hooks.rules import traces
from sandbox.hooks.rules.api_messages import json_bytes
from sandbox.hooks.rules.hook_events import notification_event
from sandbox.hooks.rules.subscription_matching import HookType, Occurrence, consider, in_order
from sandbox.hooks.subscription_reader import read_listeners

if TYPE_CHECKING:
    from sandbox.entities.entity_calls import EntityChange
    from sandbox.hooks.rules.hook_events import Initiator
    from sandbox.hooks.rules.subscription_matching import HookSubscription
    from sandbox.hooks.running_hooks import CallOptions, Hooks


async def send_event(
    hooks: Hooks, change: EntityChange, initiator: Initiator, options: CallOptions
) -> tuple[Delivery, ...]:
    """Notify everybody who is subscribed to an event, and return the deliveries, which go on in the background."""
    begin = time.perf_counter()
    started = hooks.state.clock.now()
    context = ChainContext(
        id=uuid4().hex,
        span=traces.new_span(),
        observer=options.observer or hooks.observer,
        alteration=options.alteration,
    )
    event = notification_event(initiator, change, iso(started), iso(started))
    context.observer.chain_started(
        ChainStart(
            id=context.id,
            kind="event",
            title=f"{change.entity_type_name} {change.action}",
            entity=change.entity_type_name,
            action=change.action,
            trace_id=context.span.trace_id,
            started=started,
            body=json_bytes(event),
        )
    )
    subscriptions = await run_in_threadpool(_subscriptions, hooks)
    occurrence = Occurrence(entity=change.entity_type_name, action=change.action, template=template_of(change.entity))
    considered = consider(subscriptions, occurrence)
    deliveries = tuple(
        Delivery(subscription=one, event=event, chain=context) for one in in_order(considered, HookType.NOTIFICATION)
    )
    context.observer.chain_ended(
        ChainEnd(
            id=context.id,
            answer=None,
            considered=tuple(considered),
            notifications=len(deliveries),
            milliseconds=(time.perf_counter() - begin) * 1000,
        )
    )
    for delivery in deliveries:
        hooks.queue.add(delivery)
    return deliveries


def _subscriptions(hooks: Hooks) -> tuple[HookSubscription, ...]:
    with hooks.state.database.read() as connection:
        return read_listeners(connection, hooks.own_timeout_seconds).subscriptions
