"""Subscriptions of endpoints that run elsewhere than in BioT: made, ended and listed by the dispatcher's API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.errors import PublishError
from builder.manifest.suggestion import suggest
from builder.publishing.api.paging import PAGE_SIZE, all_pages
from builder.publishing.failures import Refused
from builder.publishing.remote.idempotent_retries import apply_change
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.publishing.api.client import BiotClient
    from builder.publishing.api.dispatcher import Dispatcher, HookKind
    from builder.publishing.clock import Clock

_KEYS: Mapping[HookKind, tuple[str, ...]] = {
    "notifications": ("entityTypeName", "actionName", "templateName", "endpoint"),
    "interceptions": ("type", "apiId", "entityName", "endpoint", "pathFilters"),
}
_CONFLICT, _NOT_FOUND = 409, 404
_KNOWN_NAMES = {
    "INVALID_ACTION_NAME": ("invalidActionName", "validActionNames"),
    "INVALID_ENTITY_TYPE_NAME": ("invalidEntityType", "validEntityTypes"),
    "INVALID_API_ID": ("invalidApiId", "validApiIds"),
}
"""BioT's code -> which of its details name the wrong word and the right ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscriptionResult:
    """A subscription that is in place.

    Attributes:
        subscription: As BioT has it.
        changed: Whether anything had to be sent.
        moved: Subscriptions of others whose order BioT changed for it: endpoint, order before, order now.
    """

    subscription: Mapping[str, object]
    changed: bool
    moved: tuple[tuple[str, object, object], ...] = ()


def list_subscriptions(
    dispatcher: Dispatcher, kind: HookKind, endpoint: str | None = None
) -> tuple[Mapping[str, object], ...]:
    """Every subscription, or those of one endpoint."""
    filters: dict[str, object] = {"endpoint": {"eq": endpoint}} if endpoint else {}
    return all_pages(lambda page: dispatcher.search(kind, filters, page=page), kind)


def disabled_subscribers(client: BiotClient, endpoint: str | None = None) -> tuple[str, ...]:
    """Names of disabled plugins that have subscriptions, by name: BioT keeps those and does not call the plugin.

    Args:
        client: Asked for at most ``PAGE_SIZE`` plugins.
        endpoint: Only the plugin behind this URL.
    """
    request = {"filter": {"enabledState": {"eq": "DISABLED"}}, "sort": [{"prop": "name", "order": "ASC"}]}
    try:
        plugins = client.search({**request, "limit": PAGE_SIZE, "page": 0}).plugins
    except Refused:
        return ()  # whoever manages subscriptions need not be allowed to list plugins
    return tuple(
        plugin.name
        for plugin in plugins
        if endpoint in {None, plugin.endpoint_url} and _subscribes(plugin.fields.get("subscriptions"))
    )


def _subscribes(subscriptions: object) -> bool:
    if not isinstance(subscriptions, dict):
        return False
    return bool(subscriptions.get("interceptions") or subscriptions.get("notifications"))


def subscribe(dispatcher: Dispatcher, kind: HookKind, wanted: Mapping[str, object], clock: Clock) -> SubscriptionResult:
    """Subscribe an endpoint and read back what is there afterwards.

    Args:
        dispatcher: The dispatcher.
        kind: Notification or interception.
        wanted: The subscription in BioT's words.
        clock: For waits.

    Raises:
        Conflict, OutcomeUnknown, Unreachable, AccessDenied, Refused: As ``apply_change``.
    """
    before = _rivals(dispatcher, kind, wanted)
    for row in before:
        if _same(kind, row, wanted) and wanted.get("executionOrder") in {None, row.get("executionOrder")}:
            return SubscriptionResult(subscription=row, changed=False)

    def send() -> None:
        try:
            dispatcher.subscribe(kind, wanted)
        except Refused as error:
            # What a repeated request of ours, or a colleague, has put there already.
            if error.status != _CONFLICT or _find(dispatcher, kind, wanted) is None:
                error.hint = _nearest(error) or error.hint
                raise

    def in_place() -> bool:
        row = _find(dispatcher, kind, wanted)
        return row is not None and wanted.get("executionOrder") in {None, row.get("executionOrder")}

    apply_change(send, in_place, clock, what="the endpoint is subscribed")
    try:
        after = _rivals(dispatcher, kind, wanted)
    except PublishError:
        after = ()  # the subscription is in place all the same
    mine = next((row for row in after if _same(kind, row, wanted)), wanted)
    return SubscriptionResult(subscription=mine, changed=True, moved=_moved(before, after, mine))


def unsubscribe(dispatcher: Dispatcher, kind: HookKind, unwanted: Mapping[str, object], clock: Clock) -> bool:
    """End a subscription; whether there was one. Raises as ``subscribe``."""
    if _find(dispatcher, kind, unwanted) is None:
        return False

    def send() -> None:
        try:
            dispatcher.unsubscribe(kind, unwanted)
        except Refused as error:
            if error.status != _NOT_FOUND:
                raise

    apply_change(send, lambda: _find(dispatcher, kind, unwanted) is None, clock, what="the endpoint is unsubscribed")
    return True


def _nearest(error: Refused) -> str:
    """The name that was probably meant, when BioT tells which there are."""
    names = _KNOWN_NAMES.get(error.code)
    wrong, known = (error.details.get(name) for name in names) if names else (None, None)
    if not isinstance(wrong, str) or not isinstance(known, list):
        return ""
    meant = suggest(wrong, [name for name in known if isinstance(name, str)])
    return f'Did you mean "{printable(meant, 100)}"? Nothing was changed.' if meant else ""


def _find(dispatcher: Dispatcher, kind: HookKind, wanted: Mapping[str, object]) -> Mapping[str, object] | None:
    rows = list_subscriptions(dispatcher, kind, str(wanted["endpoint"]))
    return next((row for row in rows if _same(kind, row, wanted)), None)


def _rivals(dispatcher: Dispatcher, kind: HookKind, wanted: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    """Everybody who is called for the same: their orders may move."""
    if kind == "notifications":
        return list_subscriptions(dispatcher, kind, str(wanted["endpoint"]))
    keys = ("type", "apiId", "entityName")
    return tuple(
        row
        for row in list_subscriptions(dispatcher, kind)
        if all(_value(row, key) == _value(wanted, key) for key in keys)
    )


def _moved(
    before: tuple[Mapping[str, object], ...], after: tuple[Mapping[str, object], ...], mine: Mapping[str, object]
) -> tuple[tuple[str, object, object], ...]:
    orders = {row.get("id"): row.get("executionOrder") for row in before}
    return tuple(
        (str(row.get("endpoint", "")), orders[row.get("id")], row.get("executionOrder"))
        for row in after
        if row.get("id") in orders
        and row.get("id") != mine.get("id")
        and orders[row.get("id")] != row.get("executionOrder")
    )


def _same(kind: HookKind, row: Mapping[str, object], wanted: Mapping[str, object]) -> bool:
    return all(_value(row, key) == _value(wanted, key) for key in _KEYS[kind])


def _value(row: Mapping[str, object], key: str) -> object:
    # BioT leaves out, nulls and empties alike.
    return row.get(key) or None
