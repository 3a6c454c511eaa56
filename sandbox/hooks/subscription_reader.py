"""Read all subscriptions: those of the dispatcher, and those that disabled plugins have in their settings only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.hooks.rules.subscription_matching import HookSubscription, HookType
from sandbox.hooks.rules.undocumented_hooks import OWN_ENDPOINT_TIMEOUT_SECONDS, PLUGIN_GRACE_SECONDS
from sandbox.settings.plugin_subscriptions import subscriptions_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

_PLUGINS = "SELECT full_name, endpoint_url, enabled_state, timeout, service_user_id, config FROM plugins"
_INTERCEPTIONS = "SELECT * FROM dispatcher_interception ORDER BY execution_order, rowid"
_NOTIFICATIONS = "SELECT * FROM dispatcher_notification ORDER BY rowid"


@dataclass(frozen=True, kw_only=True, slots=True)
class Listeners:
    """Everything that BioT may have to call.

    Attributes:
        subscriptions: All subscriptions, also those of disabled plugins.
        plugin_users: The service user of each plugin, and the plugin's full name.
    """

    subscriptions: tuple[HookSubscription, ...]
    plugin_users: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Endpoint:
    """What is known of an endpoint."""

    url: str
    plugin: str = ""
    enabled: bool = True
    timeout_seconds: float


class _Endpoints(dict[str, _Endpoint]):
    """The plugins' endpoints by URL; every other URL is an endpoint outside of BioT."""

    own_timeout_seconds: float

    def __missing__(self, url: str) -> _Endpoint:
        return _Endpoint(url=url, timeout_seconds=self.own_timeout_seconds)


def read_listeners(
    connection: sqlite3.Connection, own_timeout_seconds: float = OWN_ENDPOINT_TIMEOUT_SECONDS
) -> Listeners:
    """Read the subscriptions of all endpoints.

    Args:
        connection: The connection of the transaction.
        own_timeout_seconds: How long an endpoint outside of BioT may take.
    """
    plugins = connection.execute(_PLUGINS).fetchall()
    endpoints = _Endpoints({row["endpoint_url"]: _plugin_endpoint(row) for row in plugins})
    endpoints.own_timeout_seconds = own_timeout_seconds
    active = (
        *(_interception(row, endpoints) for row in connection.execute(_INTERCEPTIONS)),
        *(_notification(row, endpoints) for row in connection.execute(_NOTIFICATIONS)),
    )
    disabled = [one for row in plugins if row["enabled_state"] != "ENABLED" for one in _disabled(row)]
    users = {row["service_user_id"]: row["full_name"] for row in plugins}
    return Listeners(subscriptions=(*active, *disabled), plugin_users=users)


def _plugin_endpoint(row: sqlite3.Row) -> _Endpoint:
    return _Endpoint(
        url=row["endpoint_url"],
        plugin=row["full_name"],
        enabled=row["enabled_state"] == "ENABLED",
        timeout_seconds=row["timeout"] + PLUGIN_GRACE_SECONDS,
    )


def _interception(row: sqlite3.Row, endpoints: Mapping[str, _Endpoint]) -> HookSubscription:
    endpoint = endpoints[row["endpoint"]]
    return HookSubscription(
        type=HookType(row["type"]),
        endpoint=endpoint.url,
        plugin=endpoint.plugin,
        enabled=endpoint.enabled,
        timeout_seconds=endpoint.timeout_seconds,
        api_id=row["api_id"],
        path_filters=json.loads(row["path_filters"]),
        entity=row["entity_name"],
        order=row["execution_order"],
    )


def _notification(row: sqlite3.Row, endpoints: Mapping[str, _Endpoint]) -> HookSubscription:
    endpoint = endpoints[row["endpoint"]]
    return HookSubscription(
        type=HookType.NOTIFICATION,
        endpoint=endpoint.url,
        plugin=endpoint.plugin,
        enabled=endpoint.enabled,
        timeout_seconds=endpoint.timeout_seconds,
        entity=row["entity_type_name"],
        action=row["action_name"],
        template=row["template_name"],
    )


def _disabled(row: sqlite3.Row) -> Iterator[HookSubscription]:
    """Yield the subscriptions that a disabled plugin would have."""
    endpoint = _plugin_endpoint(row)
    wanted = subscriptions_of({**json.loads(row["config"]), "enabledState": "ENABLED"})
    for one in wanted.interceptions:
        yield HookSubscription(
            type=HookType(one.type),
            endpoint=endpoint.url,
            plugin=endpoint.plugin,
            enabled=False,
            api_id=one.api_id,
            path_filters=one.path_filters,
            entity=one.entity_name,
            order=one.order or 0,
        )
    for other in wanted.notifications:
        yield HookSubscription(
            type=HookType.NOTIFICATION,
            endpoint=endpoint.url,
            plugin=endpoint.plugin,
            enabled=False,
            entity=other.entity_type_name,
            action=other.action_name,
            template=other.template_name,
        )
