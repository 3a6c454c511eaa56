"""Subscriptions in the database: stored, ordered and removed inside the caller's transaction.

The callers check the names, because settings and dispatcher report errors with different codes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from sandbox.dispatcher.interception_order import arrange_orders
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

DEFAULT_ORDER = 100
"""The default ``executionOrder``. In BioT it is a setting of the environment, and no number is published."""

_INSERT_INTERCEPTION = (
    "INSERT INTO dispatcher_interception (id, endpoint, type, api_id, entity_name, path_filters, execution_order)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_NOTIFICATION = (
    "INSERT INTO dispatcher_notification (id, endpoint, entity_type_name, action_name, template_name)"
    " VALUES (?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class InterceptionSubscription:
    """A subscription to an interception.

    Attributes:
        type: ``PRE_REQUEST``, ``POST_REQUEST`` or ``ADAPT_ENTITY``.
        api_id: The generic API; empty for ADAPT_ENTITY.
        entity_name: The entity type; empty for the other two types.
        path_filters: Required values of path parameters.
        order: The lowest is called first; None means the environment's default.
    """

    type: str
    api_id: str = ""
    entity_name: str = ""
    path_filters: Mapping[str, str] = field(default_factory=dict)
    order: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NotificationSubscription:
    """A subscription to a notification; an empty ``template_name`` means every template."""

    entity_type_name: str
    action_name: str
    template_name: str = ""


def subscribe_interception(
    connection: sqlite3.Connection, endpoint: str, interception: InterceptionSubscription
) -> sqlite3.Row:
    """Subscribe an endpoint, or change the order of its subscription; one with the same order moves up by one."""
    existing = next(iter(_rows_of(connection, endpoint, interception)), None)
    if existing is None or interception.order not in {None, existing["execution_order"]}:
        _arrange(connection, endpoint, [(interception, existing)])
    return _rows_of(connection, endpoint, interception)[0]


def unsubscribe_interception(
    connection: sqlite3.Connection, endpoint: str, interception: InterceptionSubscription
) -> None:
    """End an endpoint's subscription, if it has one."""
    connection.execute(
        "DELETE FROM dispatcher_interception"
        " WHERE endpoint = ? AND type = ? AND api_id = ? AND entity_name = ? AND path_filters = ?",
        (endpoint, *_identity(interception)),
    )


def subscribe_notification(
    connection: sqlite3.Connection, endpoint: str, notification: NotificationSubscription
) -> sqlite3.Row:
    """Subscribe an endpoint.

    Raises:
        ApiError: 409 ``CONFLICT``, it is subscribed already.
    """
    row: sqlite3.Row | None = connection.execute(
        f"{_INSERT_NOTIFICATION} ON CONFLICT DO NOTHING RETURNING *", _new_row(endpoint, notification)
    ).fetchone()
    if row is None:
        message = "The endpoint is already subscribed to this action."
        raise ApiError(409, "CONFLICT", message, notification_details(endpoint, notification))
    return row


def unsubscribe_notification(
    connection: sqlite3.Connection, endpoint: str, notification: NotificationSubscription
) -> None:
    """End an endpoint's subscription.

    Raises:
        ApiError: 404 ``SUBSCRIBER_NOT_FOUND``, it has none.
    """
    deleted = connection.execute(
        "DELETE FROM dispatcher_notification"
        " WHERE endpoint = ? AND entity_type_name = ? AND action_name = ? AND template_name = ?",
        (endpoint, notification.entity_type_name, notification.action_name, notification.template_name),
    )
    if not deleted.rowcount:
        message = "The endpoint is not subscribed to this action."
        raise ApiError(404, "SUBSCRIBER_NOT_FOUND", message, notification_details(endpoint, notification))


def replace_subscriptions(
    connection: sqlite3.Connection,
    endpoint: str,
    interceptions: Iterable[InterceptionSubscription],
    notifications: Iterable[NotificationSubscription],
) -> None:
    """Replace all subscriptions of an endpoint. One that stays keeps its id and, unless it asks for one, its order.

    Those that ask for an order first give up their current one and are then added one after the other, so that the
    same request sent again changes nothing.
    """
    desired = {_identity(interception): interception for interception in interceptions}
    rows = connection.execute("SELECT * FROM dispatcher_interception WHERE endpoint = ?", (endpoint,)).fetchall()
    existing = {(row["type"], row["api_id"], row["entity_name"], row["path_filters"]): row for row in rows}
    deleted = [(row["id"],) for identity, row in existing.items() if identity not in desired]
    connection.executemany("DELETE FROM dispatcher_interception WHERE id = ?", deleted)
    pairs = [(interception, existing.get(identity)) for identity, interception in desired.items()]
    _arrange(connection, endpoint, [pair for pair in pairs if pair[1] is None or pair[0].order is not None])
    connection.execute("DELETE FROM dispatcher_notification WHERE endpoint = ?", (endpoint,))
    unique = dict.fromkeys(notifications)
    connection.executemany(_INSERT_NOTIFICATION, [_new_row(endpoint, notification) for notification in unique])


def remove_endpoint(connection: sqlite3.Connection, endpoint: str) -> None:
    """End all subscriptions of an endpoint."""
    replace_subscriptions(connection, endpoint, (), ())


def move_endpoint(connection: sqlite3.Connection, old: str, new: str) -> None:
    """Change the address of an endpoint; its subscriptions stay as they are."""
    for table in ("dispatcher_interception", "dispatcher_notification"):
        connection.execute(f"UPDATE {table} SET endpoint = ? WHERE endpoint = ?", (new, old))  # noqa: S608  # ours


def orders_of(connection: sqlite3.Connection, endpoint: str) -> list[tuple[InterceptionSubscription, int]]:
    """Return an endpoint's interceptions with their current orders, which other subscriptions may have changed."""
    rows = connection.execute(
        "SELECT * FROM dispatcher_interception WHERE endpoint = ? ORDER BY type, api_id, entity_name, execution_order",
        (endpoint,),
    )
    return [
        (
            InterceptionSubscription(
                type=row["type"],
                api_id=row["api_id"],
                entity_name=row["entity_name"],
                path_filters=json.loads(row["path_filters"]),
                order=row["execution_order"],
            ),
            row["execution_order"],
        )
        for row in rows
    ]


def canonical_filters(filters: Mapping[str, str]) -> str:
    """Return path filters as text; equal filters give equal texts."""
    return json.dumps(dict(filters), sort_keys=True)


def notification_details(endpoint: str, notification: NotificationSubscription) -> dict[str, object]:
    """Return the details of errors about a subscription."""
    return {
        "entityTypeName": notification.entity_type_name,
        "actionName": notification.action_name,
        "endpoint": endpoint,
        "templateName": notification.template_name or None,
    }


def _identity(interception: InterceptionSubscription) -> tuple[str, str, str, str]:
    filters = canonical_filters(interception.path_filters)
    return (interception.type, interception.api_id, interception.entity_name, filters)


def _new_row(endpoint: str, notification: NotificationSubscription) -> tuple[str, ...]:
    return (str(uuid4()), endpoint, notification.entity_type_name, notification.action_name, notification.template_name)


def _rows_of(
    connection: sqlite3.Connection, endpoint: str, interception: InterceptionSubscription
) -> list[sqlite3.Row]:
    return connection.execute(
        "SELECT * FROM dispatcher_interception"
        " WHERE endpoint = ? AND type = ? AND api_id = ? AND entity_name = ? AND path_filters = ?",
        (endpoint, *_identity(interception)),
    ).fetchall()


def _arrange(
    connection: sqlite3.Connection,
    endpoint: str,
    pairs: Iterable[tuple[InterceptionSubscription, sqlite3.Row | None]],
) -> None:
    """Give every interception its order. Each comes with its existing row, or None."""
    groups: dict[tuple[str, str, str], list[tuple[InterceptionSubscription, sqlite3.Row | None]]] = {}
    for interception, row in pairs:
        group = (interception.type, interception.api_id, interception.entity_name)
        groups.setdefault(group, []).append((interception, row))
    for group, members in groups.items():
        _arrange_group(connection, endpoint, group, members)


def _arrange_group(
    connection: sqlite3.Connection,
    endpoint: str,
    group: tuple[str, str, str],
    members: Sequence[tuple[InterceptionSubscription, sqlite3.Row | None]],
) -> None:
    requested = [DEFAULT_ORDER if interception.order is None else interception.order for interception, _ in members]
    ids = [str(uuid4()) if row is None else str(row["id"]) for _, row in members]
    before = {str(row["id"]): int(row["execution_order"]) for _, row in members if row is not None}
    rows = connection.execute(
        "SELECT id, execution_order FROM dispatcher_interception"
        " WHERE type = ? AND api_id = ? AND entity_name = ? AND execution_order >= ?",
        (*group, min(requested)),
    )
    others = {row["id"]: row["execution_order"] for row in rows if row["id"] not in before}
    orders = arrange_orders(others.items(), zip(ids, requested, strict=True))
    current = {**others, **before}
    _move(
        connection,
        {identifier: orders[identifier] for identifier in current if orders[identifier] != current[identifier]},
    )
    new = [
        (identifier, endpoint, *_identity(interception), orders[identifier])
        for identifier, (interception, row) in zip(ids, members, strict=True)
        if row is None
    ]
    connection.executemany(_INSERT_INTERCEPTION, new)


def _move(connection: sqlite3.Connection, orders: Mapping[str, int]) -> None:
    """Give each id its new order. All give up their old ones first, because no two may have the same."""
    ids = [(identifier,) for identifier in orders]
    connection.executemany("UPDATE dispatcher_interception SET execution_order = -execution_order WHERE id = ?", ids)
    connection.executemany(
        "UPDATE dispatcher_interception SET execution_order = ?,"
        " last_modified_time = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = ?",
        [(order, identifier) for identifier, order in orders.items()],
    )
