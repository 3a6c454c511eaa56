"""What the hooks report about every call, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sandbox.endpoints.called_function import CalledFunction
    from sandbox.hooks.hook_requests import HookRequest
    from sandbox.hooks.rules.hook_answers import EndpointAnswer
    from sandbox.hooks.rules.subscription_matching import ConsideredSubscription, HookSubscription

ChainKind = Literal["api", "event", "cron", "direct"]
"""An API call, an event that no API call caused, a tick of a schedule, or a direct call of a plugin's endpoint."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainStart:
    """Something happened, and the hooks begin to handle it.

    Attributes:
        id: The id of the chain.
        kind: What happened.
        title: It in one line, such as ``POST /organization/v1/users/patients``.
        entity: The entity type; empty when there is none.
        action: The action; empty when there is none.
        trace_id: The trace that it belongs to.
        parent_id: The chain whose plugin caused it; empty when a person or a program did.
        started: When it began.
        method: The HTTP method; empty for an event.
        headers: The headers of the request.
        body: The body of the request, or the event as JSON.
        fault: What went wrong on purpose with the request, in words; empty for nothing.
    """

    id: str
    kind: ChainKind
    title: str
    trace_id: str
    started: datetime
    entity: str = ""
    action: str = ""
    parent_id: str = ""
    method: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    fault: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainStep:
    """One step of a chain: a call of an endpoint, or the API itself.

    Attributes:
        chain_id: The chain.
        name: The kind of subscription, ``API``, ``CRON`` or ``DIRECT``.
        subscription: The subscription that was called; None for the API itself, a schedule or a direct call.
        endpoint: The plugin of a schedule or of a direct call.
        span_id: The step of the trace, which the endpoint received.
        request: What was sent.
        answer: The answer; None when there was none.
        problem: What went wrong, as a sentence; empty when nothing did.
        started: When it began.
        milliseconds: How long it took.
        function: The code that ran, when this local BioT ran it.
        fault: What went wrong on purpose, in words; empty for nothing.
    """

    chain_id: str
    name: str
    subscription: HookSubscription | None = None
    endpoint: str = ""
    span_id: str = ""
    request: HookRequest
    answer: EndpointAnswer | None
    problem: str = ""
    started: datetime
    milliseconds: float
    function: CalledFunction | None = None
    fault: str = ""

    @property
    def listener(self) -> str:
        """The plugin or endpoint that was called; empty for the API itself."""
        return self.subscription.listener if self.subscription else self.endpoint


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainEnd:
    """The caller has its response. Steps of notifications may still follow.

    Attributes:
        id: The id of the chain.
        answer: The response; None for an event.
        considered: All subscriptions, with the reasons against each that was not called.
        notifications: How many notifications are being delivered.
        problem: What was wrong with the interceptor that ended the chain; empty when nothing was.
        milliseconds: How long everything but the notifications took.
    """

    id: str
    answer: EndpointAnswer | None
    considered: tuple[ConsideredSubscription, ...] = ()
    notifications: int = 0
    problem: str = ""
    milliseconds: float


class HookObserver(Protocol):
    """Is informed of every step. It must be fast, and it must not fail."""

    def chain_started(self, start: ChainStart) -> None:
        """Something happened."""

    def step_done(self, step: ChainStep) -> None:
        """One step is done."""

    def chain_ended(self, end: ChainEnd) -> None:
        """The caller has its response."""


class NoObserver:
    """Ignores all reports."""

    def chain_started(self, start: ChainStart) -> None:
        """Ignore it."""

    def step_done(self, step: ChainStep) -> None:
        """Ignore it."""

    def chain_ended(self, end: ChainEnd) -> None:
        """Ignore it."""
