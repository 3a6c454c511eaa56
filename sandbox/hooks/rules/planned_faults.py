"""What goes wrong on purpose when BioT calls a plugin, as a scenario says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sandbox.hooks.rules.called_api import entity_of_api

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.functions.call_fault import CallFault
    from sandbox.hooks.rules.hook_answers import EndpointAnswer
    from sandbox.hooks.rules.subscription_matching import HookSubscription

CRON = "CRON"
"""The name of a call by a schedule, beside the kinds of subscriptions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginTarget:
    """A call that BioT is about to make.

    Attributes:
        plugin: The plugin's full name.
        hook: The kind of subscription, or ``CRON``.
        entity: The entity type of the subscription; empty for a schedule.
    """

    plugin: str
    hook: str
    entity: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HookFault:
    """A fault that one call of a plugin meets.

    Attributes:
        note: The fault in words, for the activity.
        function: What goes wrong in the function itself; None for nothing.
        rotates_key: Whether BioT changes its key pair after it has signed the token of the call.
        clock_seconds: How far BioT's clock is ahead of the right time; negative when it is behind.
        change_answer: Changes what BioT gets; None changes nothing.
    """

    note: str
    function: CallFault | None = None
    rotates_key: bool = False
    clock_seconds: int = 0
    change_answer: Callable[[EndpointAnswer], EndpointAnswer] | None = None


class FaultPlan(Protocol):
    """Decides which call meets which fault."""

    def next_fault(self, target: PluginTarget) -> HookFault | None:
        """Count a call and return the fault that it meets; None for none."""


def target_of(subscription: HookSubscription) -> PluginTarget:
    """Return the call of a subscription."""
    entity = subscription.entity or entity_of_api(subscription.api_id)
    return PluginTarget(plugin=subscription.plugin, hook=subscription.type.value, entity=entity)
