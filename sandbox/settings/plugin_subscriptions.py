"""``subscriptions`` of a plugin in the dispatcher's words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.manifest.rules.subject import table_items
from sandbox.dispatcher.subscription_table import InterceptionSubscription, NotificationSubscription, orders_of
from sandbox.intercepted_apis import find_api
from sandbox.settings import undocumented_behavior

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from sandbox.settings.plugin_schema import Config


# Orders to which other subscriptions pushed a plugin's interceptions, for a BioT whose answers show them.
def with_moved_orders(connection: sqlite3.Connection, row: sqlite3.Row, config: Config) -> Config:
    """A plugin's configuration as answers show it: with the orders that its interceptions really have.

    Args:
        connection: Of the transaction.
        row: The plugin.
        config: Its configuration, with the orders that were asked for.
    """
    table = config["subscriptions"]
    if not undocumented_behavior.MOVED_ORDERS_SHOWN or not isinstance(table, dict):
        return config
    orders = {
        (one.type, one.api_id, one.entity_name, json.dumps(one.path_filters, sort_keys=True)): order
        for one, order in orders_of(connection, row["endpoint_url"])
    }
    wanted = subscriptions_of(config).interceptions
    keys = [(one.type, one.api_id, one.entity_name, json.dumps(one.path_filters, sort_keys=True)) for one in wanted]
    shown = [
        {**given, "order": orders[key]} if key in orders else given
        for given, key in zip(table["interceptions"], keys, strict=False)
    ]
    return {**config, "subscriptions": {**table, "interceptions": shown or table["interceptions"]}}


def answer_with_moved_orders(connection: sqlite3.Connection, row: sqlite3.Row, answer: str) -> str:
    """An answer about a plugin with the orders that its interceptions really have."""
    if not undocumented_behavior.MOVED_ORDERS_SHOWN:
        return answer
    return json.dumps(with_moved_orders(connection, row, json.loads(answer)), ensure_ascii=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginSubscriptions:
    """Everything that a plugin's endpoint is subscribed to."""

    interceptions: tuple[InterceptionSubscription, ...] = ()
    notifications: tuple[NotificationSubscription, ...] = ()


def subscriptions_of(config: Config) -> PluginSubscriptions:
    """What the plugin is subscribed to. A disabled one has its subscriptions in its configuration only."""
    table = config["subscriptions"]
    if config["enabledState"] != "ENABLED" or not isinstance(table, dict):
        return PluginSubscriptions()
    return PluginSubscriptions(interceptions=tuple(_interceptions(table)), notifications=tuple(_notifications(table)))


def _interceptions(table: Config) -> Iterator[InterceptionSubscription]:
    """A value that stands in an ``apiId`` becomes a path filter."""
    common = table.get("interceptionOrder")
    for _, row in table_items(table, "interceptions"):
        target = find_api(str(row.get("apiId", "")))
        order = row.get("order", common)
        yield InterceptionSubscription(
            type=str(row["type"]),
            api_id=target.api_id if target else "",
            path_filters=target.path_filters if target else {},
            entity_name="" if target else str(row.get("entityTypeName", "")),
            order=order if isinstance(order, int) else None,
        )


def _notifications(table: Config) -> Iterator[NotificationSubscription]:
    for _, row in table_items(table, "notifications"):
        yield NotificationSubscription(
            entity_type_name=str(row["entityTypeName"]),
            action_name=str(row["actionName"]),
            template_name=str(row.get("templateName", "")),
        )
