"""Which subscriptions match what happened, and why the others do not."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from builder.platform.api_catalog import ACTIONS_BY_ENTITY
from sandbox.hooks.rules.called_api import CalledApi, entity_of_api

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


class HookType(StrEnum):
    """A kind of subscription."""

    PRE_REQUEST = "PRE_REQUEST"
    ADAPT_ENTITY = "ADAPT_ENTITY"
    POST_REQUEST = "POST_REQUEST"
    NOTIFICATION = "NOTIFICATION"


@dataclass(frozen=True, kw_only=True, slots=True)
class HookSubscription:
    """A subscription of an endpoint, of a plugin or on one's own account.

    Attributes:
        type: The kind of subscription.
        endpoint: The URL that BioT calls.
        plugin: The plugin's full name; empty for an endpoint outside of BioT.
        enabled: Whether the plugin is enabled.
        timeout_seconds: How long the endpoint may take.
        api_id: The generic API of PRE_REQUEST and POST_REQUEST.
        path_filters: The values that path parameters must have.
        entity: The entity type of ADAPT_ENTITY and of notifications.
        action: The action of notifications.
        template: The template of notifications; empty for every template.
        order: The lowest is called first.
    """

    type: HookType
    endpoint: str
    plugin: str = ""
    enabled: bool = True
    timeout_seconds: float = 30
    api_id: str = ""
    path_filters: Mapping[str, str] = field(default_factory=dict)
    entity: str = ""
    action: str = ""
    template: str = ""
    order: int = 0

    @property
    def listener(self) -> str:
        """The plugin's name, or the endpoint."""
        return self.plugin or self.endpoint

    @property
    def target(self) -> str:
        """What it is subscribed to, for people."""
        match self.type:
            case HookType.PRE_REQUEST | HookType.POST_REQUEST:
                api_id = self.api_id
                for name, value in self.path_filters.items():
                    api_id = api_id.replace(f"{{{name}}}", value)
                return f"{self.type} {api_id}"
            case HookType.ADAPT_ENTITY:
                return f"{self.type} {self.entity}"
            case HookType.NOTIFICATION:
                template = f" of template {self.template}" if self.template else ""
                return f"{self.type} {self.entity} {self.action}{template}"


INTERCEPTIONS = (HookType.PRE_REQUEST, HookType.ADAPT_ENTITY, HookType.POST_REQUEST)
"""The kinds that are called around an API call, in their order; BioT waits for their answers."""


class ReasonCode(StrEnum):
    """Why a subscription was not called."""

    DISABLED = "disabled"
    OTHER_TYPE = "other-type"
    OTHER_ENTITY = "other-entity"
    OTHER_ACTION = "other-action"
    OTHER_TEMPLATE = "other-template"
    OTHER_METHOD = "other-method"
    OTHER_PATH = "other-path"
    OTHER_PATH_VALUE = "other-path-value"
    NOT_NOTIFIED = "not-notified"
    NOT_AUTHENTICATED = "not-authenticated"
    PLUGIN_CALL = "call-of-a-plugin"
    CHAIN_ENDED = "chain-ended"
    API_FAILED = "api-failed"
    NO_ENTITY = "no-entity"
    LOOP = "loop"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One reason why a subscription was not called, as a sentence."""

    code: ReasonCode
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsideredSubscription:
    """A subscription that BioT looked at. It is called when there is no reason against it."""

    subscription: HookSubscription
    reasons: tuple[Reason, ...] = ()

    @property
    def matches(self) -> bool:
        """Whether it is called."""
        return not self.reasons


@dataclass(frozen=True, kw_only=True, slots=True)
class Occurrence:
    """What happened on BioT.

    Attributes:
        entity: The entity type.
        action: The action, such as ``_create``; empty when BioT has none for it.
        template: The name of the entity's template; empty when it is unknown.
        api: The API that was called; None for an event that no API call caused.
    """

    entity: str
    action: str
    template: str = ""
    api: CalledApi | None = None


def consider(subscriptions: Iterable[HookSubscription], occurrence: Occurrence) -> list[ConsideredSubscription]:
    """Compare every subscription with what happened, with every reason against each."""
    return [ConsideredSubscription(subscription=one, reasons=tuple(_reasons(one, occurrence))) for one in subscriptions]


def in_order(considered: Iterable[ConsideredSubscription], kind: HookType) -> list[HookSubscription]:
    """Return the matching subscriptions of one kind, in the order in which they are called."""
    matching = [one.subscription for one in considered if one.matches and one.subscription.type is kind]
    return matching if kind is HookType.NOTIFICATION else sorted(matching, key=lambda one: one.order)


def with_reason(
    considered: Iterable[ConsideredSubscription], kinds: Iterable[HookType], reason: Reason
) -> list[ConsideredSubscription]:
    """Add a reason against the subscriptions of some kinds that would otherwise be called."""
    chosen = frozenset(kinds)
    return [
        ConsideredSubscription(subscription=one.subscription, reasons=(reason,))
        if one.matches and one.subscription.type in chosen
        else one
        for one in considered
    ]


def nearest(considered: Sequence[ConsideredSubscription]) -> ConsideredSubscription | None:
    """Return the subscription with the least against it, when none was called; None when one was, or there are none."""
    if not considered or any(one.matches for one in considered):
        return None
    return min(considered, key=lambda one: sum(_DISTANCE.get(reason.code, 1) for reason in one.reasons))


_DISTANCE = {
    ReasonCode.OTHER_TYPE: 6,
    ReasonCode.OTHER_ENTITY: 8,
    ReasonCode.OTHER_ACTION: 4,
    ReasonCode.OTHER_METHOD: 3,
    ReasonCode.OTHER_PATH: 3,
    ReasonCode.OTHER_TEMPLATE: 2,
    ReasonCode.OTHER_PATH_VALUE: 2,
}
"""How far each reason is from a match. All others count 1: only the situation was another one."""


def _reasons(subscription: HookSubscription, occurrence: Occurrence) -> Iterator[Reason]:
    if not subscription.enabled:
        message = f"{subscription.plugin} is disabled. Enable it with `biot-plugin enable`."
        yield Reason(code=ReasonCode.DISABLED, message=message)
    if subscription.type is HookType.NOTIFICATION:
        yield from _notification_reasons(subscription, occurrence)
    elif occurrence.api is None:
        message = f"{subscription.type} follows API calls, and this was an event that no API call caused."
        yield Reason(code=ReasonCode.OTHER_TYPE, message=message)
    elif subscription.type is HookType.ADAPT_ENTITY:
        yield from _entity_reasons(subscription, occurrence)
    else:
        yield from _api_reasons(subscription, occurrence.api)


def _entity_reasons(subscription: HookSubscription, occurrence: Occurrence) -> Iterator[Reason]:
    if subscription.entity != occurrence.entity:
        message = f"The subscription is for the entity {subscription.entity}, and this was {occurrence.entity}."
        yield Reason(code=ReasonCode.OTHER_ENTITY, message=message)


def _notification_reasons(subscription: HookSubscription, occurrence: Occurrence) -> Iterator[Reason]:
    yield from _entity_reasons(subscription, occurrence)
    if not occurrence.action:
        message = "BioT notifies nobody of this call."
        yield Reason(code=ReasonCode.NOT_NOTIFIED, message=message)
    elif subscription.action != occurrence.action:
        message = f"The subscription is for the action {subscription.action}, and this was {occurrence.action}."
        yield Reason(code=ReasonCode.OTHER_ACTION, message=message)
    elif occurrence.action not in ACTIONS_BY_ENTITY.get(occurrence.entity, ()):
        message = f"BioT accepts a subscription to {occurrence.action} but does not notify anybody of it."
        yield Reason(code=ReasonCode.NOT_NOTIFIED, message=message)
    if subscription.template and occurrence.template and subscription.template != occurrence.template:
        message = f"The subscription is for the template {subscription.template}, and this was {occurrence.template}."
        yield Reason(code=ReasonCode.OTHER_TEMPLATE, message=message)


def _api_reasons(subscription: HookSubscription, api: CalledApi) -> Iterator[Reason]:
    if subscription.api_id == api.api_id:
        yield from _path_value_reasons(subscription, api)
        return
    entity = entity_of_api(subscription.api_id)
    if entity != api.entity:
        message = f"The subscription is for an API of {entity}, and this was one of {api.entity}."
        yield Reason(code=ReasonCode.OTHER_ENTITY, message=message)
    (method, path), (called_method, called_path) = _split(subscription.api_id), _split(api.api_id)
    if method != called_method:
        message = f"The subscription is for {method}, and the call was {called_method}."
        yield Reason(code=ReasonCode.OTHER_METHOD, message=message)
    if path != called_path:
        message = f"The subscription is for the path {path}, and the call was to {called_path}."
        yield Reason(code=ReasonCode.OTHER_PATH, message=message)


def _path_value_reasons(subscription: HookSubscription, api: CalledApi) -> Iterator[Reason]:
    for name, wanted in subscription.path_filters.items():
        value = api.path_values.get(name)
        if value != wanted:
            message = f"The subscription is for the value {wanted} of {name} in the path, and the call had {value}."
            yield Reason(code=ReasonCode.OTHER_PATH_VALUE, message=message)


def _split(api_id: str) -> tuple[str, str]:
    method, _, path = api_id.partition("/")
    return method, f"/{path}"
