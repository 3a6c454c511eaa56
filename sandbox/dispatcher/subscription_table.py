"""Who is told of what: subscriptions kept, ordered and removed inside the caller's transaction.

Names are checked by whoever takes them from outside (settings and dispatcher answer with different codes).
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
"""``executionOrder`` of who asks for none. BioT takes it from a setting of the environment and publishes no number."""

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
    """What an endpoint intercepts.

    Attributes:
        type: ``PRE_REQUEST``, ``POST_REQUEST`` or ``ADAPT_ENTITY``.
        api_id: The generic API, empty for ADAPT_ENTITY.
        entity_name: The entity type, empty for the other two.
        path_filters: Path parameters that must have a value.
        order: Lower comes first; None takes the environment's default.
    """

    type: str
    api_id: str = ""
    entity_name: str = ""
    path_filters: Mapping[str, str] = field(default_factory=dict)
    order: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NotificationSubscription:
    """What an endpoint is told of; ``template_name`` is empty for every template."""

    entity_type_name: str
    action_name: str
    template_name: str = ""


def subscribe_interception(
    connection: sqlite3.Connection, endpoint: str, wanted: InterceptionSubscription
) -> sqlite3.Row:
    """Subscribe an endpoint, or give its subscription another order; whoever has that order moves on by one."""
    existing = next(iter(_interception(connection, endpoint, wanted)), None)
    if existing is None or wanted.order not in {None, existing["execution_order"]}:
        _join(connection, endpoint, [(wanted, existing)])
    return _interception(connection, endpoint, wanted)[0]


def unsubscribe_interception(connection: sqlite3.Connection, endpoint: str, given: InterceptionSubscription) -> None:
    """End an endpoint's subscription; nothing happens when it had none."""
    connection.execute(
        "DELETE FROM dispatcher_interception"
        " WHERE endpoint = ? AND type = ? AND api_id = ? AND entity_name = ? AND path_filters = ?",
        (endpoint, given.type, given.api_id, given.entity_name, canonical_filters(given.path_filters)),
    )


def subscribe_notification(
    connection: sqlite3.Connection, endpoint: str, wanted: NotificationSubscription
) -> sqlite3.Row:
    """Subscribe an endpoint.

    Raises:
        ApiError: 409 ``CONFLICT``, it is subscribed already.
    """
    row = connection.execute(
        f"{_INSERT_NOTIFICATION} ON CONFLICT DO NOTHING RETURNING *", _kept(endpoint, wanted)
    ).fetchone()
    if row is None:
        message = "The endpoint is already subscribed to this action."
        raise ApiError(409, "CONFLICT", message, notification_details(endpoint, wanted))
    kept: sqlite3.Row = row
    return kept


def unsubscribe_notification(connection: sqlite3.Connection, endpoint: str, given: NotificationSubscription) -> None:
    """End an endpoint's subscription.

    Raises:
        ApiError: 404 ``SUBSCRIBER_NOT_FOUND``, it had none.
    """
    gone = connection.execute(
        "DELETE FROM dispatcher_notification"
        " WHERE endpoint = ? AND entity_type_name = ? AND action_name = ? AND template_name = ?",
        (endpoint, given.entity_type_name, given.action_name, given.template_name),
    )
    if not gone.rowcount:
        message = "The endpoint is not subscribed to this action."
        raise ApiError(404, "SUBSCRIBER_NOT_FOUND", message, notification_details(endpoint, given))


def replace_subscriptions(
    connection: sqlite3.Connection,
    endpoint: str,
    interceptions: Iterable[InterceptionSubscription],
    notifications: Iterable[NotificationSubscription],
) -> None:
    """Make these, and no others, the subscriptions of an endpoint. What stays keeps its id and, unasked, its order.

    Those that ask for an order leave their places first and then join one after the other, so that the same request
    sent again changes nothing.
    """
    wanted = {_identity(one): one for one in interceptions}
    rows = connection.execute("SELECT * FROM dispatcher_interception WHERE endpoint = ?", (endpoint,)).fetchall()
    present = {(row["type"], row["api_id"], row["entity_name"], row["path_filters"]): row for row in rows}
    gone = [(row["id"],) for identity, row in present.items() if identity not in wanted]
    connection.executemany("DELETE FROM dispatcher_interception WHERE id = ?", gone)
    joining = [(one, present.get(identity)) for identity, one in wanted.items()]
    _join(connection, endpoint, [(one, row) for one, row in joining if row is None or one.order is not None])
    connection.execute("DELETE FROM dispatcher_notification WHERE endpoint = ?", (endpoint,))
    connection.executemany(_INSERT_NOTIFICATION, [_kept(endpoint, note) for note in dict.fromkeys(notifications)])


def remove_endpoint(connection: sqlite3.Connection, endpoint: str) -> None:
    """End every subscription of an endpoint."""
    replace_subscriptions(connection, endpoint, (), ())


def move_endpoint(connection: sqlite3.Connection, old: str, new: str) -> None:
    """An endpoint has another address; its subscriptions stay as they are."""
    for table in ("dispatcher_interception", "dispatcher_notification"):
        connection.execute(f"UPDATE {table} SET endpoint = ? WHERE endpoint = ?", (new, old))  # noqa: S608  # ours


def orders_of(connection: sqlite3.Connection, endpoint: str) -> list[tuple[InterceptionSubscription, int]]:
    """What an endpoint intercepts and in which order, as it is now: others may have moved it."""
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
    """Path filters as text, the same for the same filters."""
    return json.dumps(dict(filters), sort_keys=True)


def notification_details(endpoint: str, note: NotificationSubscription) -> dict[str, object]:
    """What errors about a subscription tell of it."""
    return {
        "entityTypeName": note.entity_type_name,
        "actionName": note.action_name,
        "endpoint": endpoint,
        "templateName": note.template_name or None,
    }


def _identity(one: InterceptionSubscription) -> tuple[str, str, str, str]:
    return (one.type, one.api_id, one.entity_name, canonical_filters(one.path_filters))


def _kept(endpoint: str, note: NotificationSubscription) -> tuple[str, ...]:
    return (str(uuid4()), endpoint, note.entity_type_name, note.action_name, note.template_name)


def _interception(connection: sqlite3.Connection, endpoint: str, one: InterceptionSubscription) -> list[sqlite3.Row]:
    return connection.execute(
        "SELECT * FROM dispatcher_interception"
        " WHERE endpoint = ? AND type = ? AND api_id = ? AND entity_name = ? AND path_filters = ?",
        (endpoint, *_identity(one)),
    ).fetchall()


def _join(
    connection: sqlite3.Connection,
    endpoint: str,
    joining: Iterable[tuple[InterceptionSubscription, sqlite3.Row | None]],
) -> None:
    """Give every interception its order; the row is the subscription that it has already."""
    groups: dict[tuple[str, str, str], list[tuple[InterceptionSubscription, sqlite3.Row | None]]] = {}
    for one, row in joining:
        groups.setdefault((one.type, one.api_id, one.entity_name), []).append((one, row))
    for group, members in groups.items():
        _join_group(connection, endpoint, group, members)


def _join_group(
    connection: sqlite3.Connection,
    endpoint: str,
    group: tuple[str, str, str],
    members: Sequence[tuple[InterceptionSubscription, sqlite3.Row | None]],
) -> None:
    asked = [DEFAULT_ORDER if one.order is None else one.order for one, _ in members]
    ids = [str(uuid4()) if row is None else str(row["id"]) for _, row in members]
    before = {str(row["id"]): int(row["execution_order"]) for _, row in members if row is not None}
    rows = connection.execute(
        "SELECT id, execution_order FROM dispatcher_interception"
        " WHERE type = ? AND api_id = ? AND entity_name = ? AND execution_order >= ?",
        (*group, min(asked)),
    )
    others = {row["id"]: row["execution_order"] for row in rows if row["id"] not in before}
    orders = arrange_orders(others.items(), zip(ids, asked, strict=True))
    _move(connection, {one: orders[one] for one, order in {**others, **before}.items() if orders[one] != order})
    new = [
        (identifier, endpoint, *_identity(one), orders[identifier])
        for identifier, (one, row) in zip(ids, members, strict=True)
        if row is None
    ]
    connection.executemany(_INSERT_INTERCEPTION, new)


def _move(connection: sqlite3.Connection, orders: Mapping[str, int]) -> None:
    """Give each id its new order; all of them leave their places first, so that no two ever share one."""
    places = [(identifier,) for identifier in orders]
    connection.executemany("UPDATE dispatcher_interception SET execution_order = -execution_order WHERE id = ?", places)
    connection.executemany(
        "UPDATE dispatcher_interception SET execution_order = ?,"
        " last_modified_time = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = ?",
        [(order, identifier) for identifier, order in orders.items()],
    )
