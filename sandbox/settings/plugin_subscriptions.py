"""The ``subscriptions`` of a plugin, translated to subscriptions of the dispatcher and back.

``undocumented_behavior.MOVED_ORDERS_SHOWN`` decides whether responses show the orders that interceptions really have.
"""

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


def with_moved_orders(connection: sqlite3.Connection, row: sqlite3.Row, config: Config) -> Config:
    """Return a plugin's configuration with the real orders of its interceptions, if responses show them.

    Args:
        connection: The connection of the transaction.
        row: The plugin.
        config: Its configuration, with the requested orders.
    """
    table = config["subscriptions"]
    if not undocumented_behavior.MOVED_ORDERS_SHOWN or not isinstance(table, dict):
        return config
    orders = {
        (
            subscription.type,
            subscription.api_id,
            subscription.entity_name,
            json.dumps(subscription.path_filters, sort_keys=True),
        ): order
        for subscription, order in orders_of(connection, row["endpoint_url"])
    }
    subscriptions = subscriptions_of(config).interceptions
    keys = [
        (
            subscription.type,
            subscription.api_id,
            subscription.entity_name,
            json.dumps(subscription.path_filters, sort_keys=True),
        )
        for subscription in subscriptions
    ]
    shown = [
        {**item, "order": orders[key]} if key in orders else item
        for item, key in zip(table["interceptions"], keys, strict=False)
    ]
    return {**config, "subscriptions": {**table, "interceptions": shown or table["interceptions"]}}


def response_with_moved_orders(connection: sqlite3.Connection, row: sqlite3.Row, response: str) -> str:
    """Return a response about a plugin with the real orders of its interceptions, if responses show them."""
    if not undocumented_behavior.MOVED_ORDERS_SHOWN:
        return response
    return json.dumps(with_moved_orders(connection, row, json.loads(response)), ensure_ascii=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginSubscriptions:
    """All subscriptions of a plugin's endpoint."""

    interceptions: tuple[InterceptionSubscription, ...] = ()
    notifications: tuple[NotificationSubscription, ...] = ()


def subscriptions_of(config: Config) -> PluginSubscriptions:
    """Return the plugin's subscriptions. A disabled plugin has them in its configuration only."""
    table = config["subscriptions"]
    if config["enabledState"] != "ENABLED" or not isinstance(table, dict):
        return PluginSubscriptions()
    return PluginSubscriptions(interceptions=tuple(_interceptions(table)), notifications=tuple(_notifications(table)))


def _interceptions(table: Config) -> Iterator[InterceptionSubscription]:
    """Return the interceptions; a value in an ``apiId`` becomes a path filter."""
    common_order = table.get("interceptionOrder")
    for _, row in table_items(table, "interceptions"):
        api = find_api(str(row.get("apiId", "")))
        order = row.get("order", common_order)
        yield InterceptionSubscription(
            type=str(row["type"]),
            api_id=api.api_id if api else "",
            path_filters=api.path_filters if api else {},
            entity_name="" if api else str(row.get("entityTypeName", "")),
            order=order if isinstance(order, int) else None,
        )


def _notifications(table: Config) -> Iterator[NotificationSubscription]:
    for _, row in table_items(table, "notifications"):
        yield NotificationSubscription(
            entity_type_name=str(row["entityTypeName"]),
            action_name=str(row["actionName"]),
            template_name=str(row.get("templateName", "")),
        )
