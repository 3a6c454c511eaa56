"""Subscriptions of endpoints outside BioT: create, end and list them by the dispatcher's API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from builder.errors import PublishError
from builder.manifest.suggestion import suggest
from builder.publishing.api.paging import PAGE_SIZE, all_pages
from builder.publishing.failures import Refused
from builder.publishing.remote.idempotent_retries import apply_change
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from builder.publishing.api.client import BiotClient
    from builder.publishing.api.dispatcher import Dispatcher, HookKind
    from builder.publishing.clock import Clock

    Row = Mapping[str, object]

_IDENTITY_KEYS: Final[Mapping[HookKind, tuple[str, ...]]] = {
    "notifications": ("entityTypeName", "actionName", "templateName", "endpoint"),
    "interceptions": ("type", "apiId", "entityName", "endpoint", "pathFilters"),
}
_TARGET_KEYS: Final = ("type", "apiId", "entityName")
_CONFLICT, _NOT_FOUND = 409, 404
_SUGGESTION_DETAILS: Final = {
    "INVALID_ACTION_NAME": ("invalidActionName", "validActionNames"),
    "INVALID_ENTITY_TYPE_NAME": ("invalidEntityType", "validEntityTypes"),
    "INVALID_API_ID": ("invalidApiId", "validApiIds"),
}
"""BioT's error code -> the details with the wrong name and with the valid names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscriptionResult:
    """A subscription that is in place.

    Attributes:
        subscription: As BioT has it.
        changed: Whether anything had to be sent.
        moved: Other subscriptions whose order BioT changed: endpoint, order before, order now.
    """

    subscription: Row
    changed: bool
    moved: tuple[tuple[str, object, object], ...] = ()


def list_subscriptions(dispatcher: Dispatcher, kind: HookKind, endpoint: str | None = None) -> tuple[Row, ...]:
    """All subscriptions, or those of one endpoint."""
    filters: dict[str, object] = {"endpoint": {"eq": endpoint}} if endpoint else {}
    return all_pages(lambda page: dispatcher.search(kind, filters, page=page), kind)


def disabled_subscribers(client: BiotClient, endpoint: str | None = None) -> tuple[str, ...]:
    """Names of disabled plugins that have subscriptions: BioT keeps those but does not call the plugin.

    Args:
        client: Asked for at most ``PAGE_SIZE`` plugins.
        endpoint: Only the plugin with this URL.
    """
    request = {"filter": {"enabledState": {"eq": "DISABLED"}}, "sort": [{"prop": "name", "order": "ASC"}]}
    try:
        plugins = client.search({**request, "limit": PAGE_SIZE, "page": 0}).plugins
    except Refused:
        return ()  # a user who manages subscriptions may not have the permission to list plugins
    return tuple(
        plugin.name
        for plugin in plugins
        if endpoint in {None, plugin.endpoint_url} and _has_subscriptions(plugin.fields.get("subscriptions"))
    )


def subscribe(dispatcher: Dispatcher, kind: HookKind, subscription: Row, clock: Clock) -> SubscriptionResult:
    """Subscribe an endpoint and read back the result.

    Args:
        dispatcher: The dispatcher.
        kind: Notifications or interceptions.
        subscription: The subscription in BioT's fields.
        clock: For waits.

    Raises:
        Conflict, OutcomeUnknown, Unreachable, AccessDenied, Refused: As ``apply_change``.
    """
    wanted = _EndpointSubscription(dispatcher, kind, subscription)
    before = wanted.read_competitors()
    for row in before:
        if wanted.matches(row) and wanted.has_order(row):
            return SubscriptionResult(subscription=row, changed=False)

    def in_place() -> bool:
        row = wanted.find()
        return row is not None and wanted.has_order(row)

    # A conflict is fine when the subscription exists: a repeated request, or a colleague, has created it.
    send = _tolerating(lambda: dispatcher.subscribe(kind, subscription), _CONFLICT, lambda: wanted.find() is not None)
    apply_change(send, in_place, clock, what="the endpoint is subscribed")
    try:
        after = wanted.read_competitors()
    except PublishError:
        after = ()  # the subscription is in place nevertheless
    own = next((row for row in after if wanted.matches(row)), subscription)
    return SubscriptionResult(subscription=own, changed=True, moved=_find_moves(before, after, own))


def unsubscribe(dispatcher: Dispatcher, kind: HookKind, subscription: Row, clock: Clock) -> bool:
    """End a subscription; whether it existed. Raises as ``subscribe``."""
    unwanted = _EndpointSubscription(dispatcher, kind, subscription)
    if unwanted.find() is None:
        return False
    send = _tolerating(lambda: dispatcher.unsubscribe(kind, subscription), _NOT_FOUND, lambda: True)
    apply_change(send, lambda: unwanted.find() is None, clock, what="the endpoint is unsubscribed")
    return True


class _EndpointSubscription:
    """One subscription that is to be created or ended.

    Args:
        dispatcher: The dispatcher.
        kind: Notifications or interceptions.
        fields: The subscription in BioT's fields.
    """

    def __init__(self, dispatcher: Dispatcher, kind: HookKind, fields: Row) -> None:
        self._dispatcher = dispatcher
        self._kind = kind
        self._fields = fields

    def find(self) -> Row | None:
        """The subscription as BioT has it, or None."""
        return next((row for row in self._read_own() if self.matches(row)), None)

    def read_competitors(self) -> tuple[Row, ...]:
        """All subscriptions that are called for the same target: their orders may move."""
        if self._kind == "notifications":
            return self._read_own()
        rows = list_subscriptions(self._dispatcher, self._kind)
        return tuple(row for row in rows if _same_values(row, self._fields, _TARGET_KEYS))

    def matches(self, row: Row) -> bool:
        """Whether a row of the dispatcher is this subscription."""
        return _same_values(row, self._fields, _IDENTITY_KEYS[self._kind])

    def has_order(self, row: Row) -> bool:
        """Whether a row has the wanted order, if there is one."""
        return self._fields.get("executionOrder") in {None, row.get("executionOrder")}

    def _read_own(self) -> tuple[Row, ...]:
        return list_subscriptions(self._dispatcher, self._kind, str(self._fields["endpoint"]))


def _tolerating(send: Callable[[], object], status: int, is_tolerable: Callable[[], bool]) -> Callable[[], None]:
    """Send a change, and ignore a refusal with this status when the change is in place anyway."""

    def send_tolerantly() -> None:
        try:
            send()
        except Refused as error:
            if error.status != status or not is_tolerable():
                error.hint = _suggest_name(error) or error.hint
                raise

    return send_tolerantly


def _suggest_name(error: Refused) -> str:
    """A hint with the most similar valid name, when BioT lists the valid names."""
    keys = _SUGGESTION_DETAILS.get(error.code)
    wrong, valid = (error.details.get(key) for key in keys) if keys else (None, None)
    if not isinstance(wrong, str) or not isinstance(valid, list):
        return ""
    suggestion = suggest(wrong, [name for name in valid if isinstance(name, str)])
    return f'Did you mean "{printable(suggestion, 100)}"? Nothing was changed.' if suggestion else ""


def _find_moves(before: tuple[Row, ...], after: tuple[Row, ...], own: Row) -> tuple[tuple[str, object, object], ...]:
    orders = {row.get("id"): row.get("executionOrder") for row in before}
    return tuple(
        (str(row.get("endpoint", "")), orders[row.get("id")], row.get("executionOrder"))
        for row in after
        if row.get("id") in orders
        and row.get("id") != own.get("id")
        and orders[row.get("id")] != row.get("executionOrder")
    )


def _has_subscriptions(subscriptions: object) -> bool:
    if not isinstance(subscriptions, dict):
        return False
    return bool(subscriptions.get("interceptions") or subscriptions.get("notifications"))


def _same_values(row: Row, other: Row, keys: tuple[str, ...]) -> bool:
    # BioT leaves fields out, or answers null or an empty value: all mean the same.
    return all((row.get(key) or None) == (other.get(key) or None) for key in keys)
