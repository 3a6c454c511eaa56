"""What happened in a chain, as one JSON document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.clock import iso
from sandbox.hooks.rules.api_messages import json_or_none
from sandbox.hooks.rules.subscription_matching import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.hooks.hook_reports import ChainEnd, ChainStart, ChainStep, HookObserver
    from sandbox.hooks.rules.hook_answers import EndpointAnswer
    from sandbox.hooks.rules.subscription_matching import ConsideredSubscription

_SERVER_ERROR = 500
_BODY_SHOWN_MAX, _BODY_BEGINNING = 1_000_000, 1_000


@dataclass(slots=True)
class ChainRecorder:
    """Keeps the reports of one chain, and passes them on.

    Attributes:
        observer: The usual observer.
    """

    observer: HookObserver
    start: ChainStart | None = None
    steps: list[ChainStep] = field(default_factory=list)
    end: ChainEnd | None = None

    def chain_started(self, start: ChainStart) -> None:
        """Keep it."""
        self.start = start
        self.observer.chain_started(start)

    def step_done(self, step: ChainStep) -> None:
        """Keep it."""
        self.steps.append(step)
        self.observer.step_done(step)

    def chain_ended(self, end: ChainEnd) -> None:
        """Keep it."""
        self.end = end
        self.observer.chain_ended(end)


def describe_chain(start: ChainStart, steps: list[ChainStep], end: ChainEnd) -> dict[str, object]:
    """Return a finished chain as JSON: the steps, the response, and why other subscriptions were not called."""
    near = nearest(end.considered)
    return {
        "id": start.id,
        "kind": start.kind,
        "title": start.title,
        "entityTypeName": start.entity,
        "actionName": start.action,
        "traceId": start.trace_id,
        "parentId": start.parent_id,
        "startTime": iso(start.started),
        "milliseconds": round(end.milliseconds, 3),
        "response": _answer(end.answer),
        "problem": end.problem,
        "pluginFailed": bool(end.problem) or any(plugin_failed(step) for step in steps),
        "steps": [describe_step(step) for step in steps],
        "considered": [describe_considered(one) for one in end.considered],
        "nearest": describe_considered(near) if near else None,
    }


def plugin_failed(step: ChainStep) -> bool:
    """Return whether an endpoint failed: it gave no answer, or answered 5xx. A 4xx is a refusal on purpose."""
    if step.subscription is None:
        return False
    return step.answer is None or step.answer.status >= _SERVER_ERROR


def describe_step(step: ChainStep) -> dict[str, object]:
    """Return one step as JSON. The token that BioT sent stays: it is valid here only, and for half an hour."""
    subscription = step.subscription
    return {
        "name": step.name,
        "listener": subscription.listener if subscription else "",
        "endpoint": subscription.endpoint if subscription else "",
        "order": subscription.order if subscription else None,
        "startTime": iso(step.started),
        "milliseconds": round(step.milliseconds, 3),
        "spanId": step.span_id,
        "request": {"headers": dict(step.request.headers), "body": _body(step.request.body)},
        "response": _answer(step.answer),
        "problem": step.problem,
    }


def describe_considered(one: ConsideredSubscription) -> dict[str, object]:
    """Return a subscription and the reasons against it as JSON."""
    return {
        "listener": one.subscription.listener,
        "target": one.subscription.target,
        "order": one.subscription.order,
        "called": one.matches,
        "reasons": [{"code": reason.code.value, "message": reason.message} for reason in one.reasons],
    }


def _answer(answer: EndpointAnswer | None) -> Mapping[str, object] | None:
    if answer is None:
        return None
    return {"status": answer.status, "headers": dict(answer.headers), "body": _body(answer.body)}


def _body(body: bytes) -> object:
    """Return the JSON of a body, its text when it is not JSON, or None when it is empty; a large one is cut."""
    if not body:
        return None
    if len(body) > _BODY_SHOWN_MAX:
        return f"{body[:_BODY_BEGINNING].decode('utf-8', 'replace')}… ({len(body)} bytes)"
    value = json_or_none(body)
    return value if value is not None or body.strip() == b"null" else body.decode("utf-8", "replace")
