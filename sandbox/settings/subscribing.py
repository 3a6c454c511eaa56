"""``subscriptions`` of a plugin in the dispatcher's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.manifest.rules.subject import rows
from sandbox.catalog import find_api
from sandbox.dispatcher.subscriptions import Interception, Notification

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.settings.checking import Config


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscriptions:
    """Everything that a plugin's endpoint is subscribed to."""

    interceptions: tuple[Interception, ...] = ()
    notifications: tuple[Notification, ...] = ()


def subscriptions_of(config: Config) -> Subscriptions:
    """What the plugin is subscribed to. A disabled one has its subscriptions in its configuration only."""
    table = config["subscriptions"]
    if config["enabledState"] != "ENABLED" or not isinstance(table, dict):
        return Subscriptions()
    return Subscriptions(interceptions=tuple(_interceptions(table)), notifications=tuple(_notifications(table)))


def _interceptions(table: Config) -> Iterator[Interception]:
    """A value that stands in an ``apiId`` becomes a path filter."""
    common = table.get("interceptionOrder")
    for _, row in rows(table, "interceptions"):
        target = find_api(str(row.get("apiId", "")))
        order = row.get("order", common)
        yield Interception(
            type=str(row["type"]),
            api_id=target.api_id if target else "",
            path_filters=target.path_filters if target else {},
            entity_name="" if target else str(row.get("entityTypeName", "")),
            order=order if isinstance(order, int) else None,
        )


def _notifications(table: Config) -> Iterator[Notification]:
    for _, row in rows(table, "notifications"):
        yield Notification(
            entity_type_name=str(row["entityTypeName"]),
            action_name=str(row["actionName"]),
            template_name=str(row.get("templateName", "")),
        )
