"""Orders to which other subscriptions pushed a plugin's interceptions, for a BioT whose answers show them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sandbox.dispatcher.subscriptions import orders_of
from sandbox.settings import choices
from sandbox.settings.subscribing import subscriptions_of

if TYPE_CHECKING:
    import sqlite3

    from sandbox.settings.checking import Config


def with_moved_orders(connection: sqlite3.Connection, row: sqlite3.Row, config: Config) -> Config:
    """A plugin's configuration as answers show it: with the orders that its interceptions really have.

    Args:
        connection: Of the transaction.
        row: The plugin.
        config: Its configuration, with the orders that were asked for.
    """
    table = config["subscriptions"]
    if not choices.MOVED_ORDERS_SHOWN or not isinstance(table, dict):
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
    if not choices.MOVED_ORDERS_SHOWN:
        return answer
    return json.dumps(with_moved_orders(connection, row, json.loads(answer)), ensure_ascii=False)
