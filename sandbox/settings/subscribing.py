"""``subscriptions`` of a plugin in the dispatcher's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.manifest.rules.subject import rows
from sandbox.catalog import find_api
from sandbox.dispatcher.subscriptions import Interception, Notification

if TYPE_CHECKING:
    from sandbox.settings.checking import Config


def interceptions_of(config: Config) -> list[Interception]:
    """What the plugin intercepts; a value that stands in an ``apiId`` becomes a path filter."""
    subscriptions = config["subscriptions"]
    if not isinstance(subscriptions, dict):
        return []
    common = subscriptions.get("interceptionOrder")
    found = []
    for _, row in rows(subscriptions, "interceptions"):
        target = find_api(str(row.get("apiId", "")))
        order = row.get("order", common)
        found.append(
            Interception(
                type=str(row["type"]),
                api_id=target.api_id if target else "",
                path_filters=target.path_filters if target else {},
                entity_name="" if target else str(row.get("entityTypeName", "")),
                order=order if isinstance(order, int) else None,
            )
        )
    return found


def notifications_of(config: Config) -> list[Notification]:
    """What the plugin is told of."""
    subscriptions = config["subscriptions"]
    return [
        Notification(
            entity_type_name=str(row["entityTypeName"]),
            action_name=str(row["actionName"]),
            template_name=str(row.get("templateName", "")),
        )
        for _, row in (rows(subscriptions, "notifications") if isinstance(subscriptions, dict) else ())
    ]
