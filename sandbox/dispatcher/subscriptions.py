"""Who is told of what: subscriptions kept, ordered and removed inside the caller's transaction.

Names are checked by whoever takes them from outside (settings and dispatcher answer with different codes).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from sandbox.errors import ApiError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

DEFAULT_ORDER = 100
"""``executionOrder`` of who asks for none. BioT takes it from a setting of the environment and publishes no number."""

_ASIDE = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Interception:
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
class Notification:
    """What an endpoint is told of; ``template_name`` is empty for every template."""

    entity_type_name: str
    action_name: str
    template_name: str = ""


def subscribe_interception(connection: sqlite3.Connection, endpoint: str, wanted: Interception) -> sqlite3.Row:
    """Subscribe an endpoint, or give its subscription another order; whoever has that order moves on by one."""
    group = (wanted.type, wanted.api_id, wanted.entity_name)
    existing = next(iter(_interception(connection, endpoint, wanted)), None)
    if existing is not None and wanted.order in {None, existing["execution_order"]}:
        return existing
    order = DEFAULT_ORDER if wanted.order is None else wanted.order
    if existing is not None:
        _move(connection, existing["id"], _ASIDE)  # its old place is free for whoever moves on
    _make_room(connection, group, order)
    if existing is not None:
        _move(connection, existing["id"], order)
    else:
        connection.execute(
            "INSERT INTO dispatcher_interception (id, endpoint, type, api_id, entity_name, path_filters,"
            " execution_order) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (str(uuid4()), endpoint, *group, canonical_filters(wanted.path_filters), order),
        )
    return _interception(connection, endpoint, wanted)[0]


def unsubscribe_interception(connection: sqlite3.Connection, endpoint: str, given: Interception) -> None:
    """End an endpoint's subscription; nothing happens when it had none."""
    connection.execute(
        "DELETE FROM dispatcher_interception"
        " WHERE endpoint = ? AND type = ? AND api_id = ? AND entity_name = ? AND path_filters = ?",
        (endpoint, given.type, given.api_id, given.entity_name, canonical_filters(given.path_filters)),
    )


def subscribe_notification(connection: sqlite3.Connection, endpoint: str, wanted: Notification) -> sqlite3.Row:
    """Subscribe an endpoint.

    Raises:
        ApiError: 409 ``CONFLICT``, it is subscribed already.
    """
    row = connection.execute(
        "INSERT INTO dispatcher_notification (id, endpoint, entity_type_name, action_name, template_name)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING *",
        (str(uuid4()), endpoint, wanted.entity_type_name, wanted.action_name, wanted.template_name),
    ).fetchone()
    if row is None:
        message = "The endpoint is already subscribed to this action."
        raise ApiError(409, "CONFLICT", message, notification_details(endpoint, wanted))
    kept: sqlite3.Row = row
    return kept


def unsubscribe_notification(connection: sqlite3.Connection, endpoint: str, given: Notification) -> None:
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
    interceptions: Iterable[Interception],
    notifications: Iterable[Notification],
) -> None:
    """Make these, and no others, the subscriptions of an endpoint. What stays keeps its id and, unasked, its order."""
    wanted = {_identity(one): one for one in interceptions}
    rows = connection.execute("SELECT * FROM dispatcher_interception WHERE endpoint = ?", (endpoint,)).fetchall()
    for row in rows:
        if (row["type"], row["api_id"], row["entity_name"], row["path_filters"]) not in wanted:
            connection.execute("DELETE FROM dispatcher_interception WHERE id = ?", (row["id"],))
    for one in wanted.values():
        subscribe_interception(connection, endpoint, one)
    connection.execute("DELETE FROM dispatcher_notification WHERE endpoint = ?", (endpoint,))
    for note in dict.fromkeys(notifications):
        subscribe_notification(connection, endpoint, note)


def remove_endpoint(connection: sqlite3.Connection, endpoint: str) -> None:
    """End every subscription of an endpoint."""
    replace_subscriptions(connection, endpoint, (), ())


def move_endpoint(connection: sqlite3.Connection, old: str, new: str) -> None:
    """An endpoint has another address; its subscriptions stay as they are."""
    for table in ("dispatcher_interception", "dispatcher_notification"):
        connection.execute(f"UPDATE {table} SET endpoint = ? WHERE endpoint = ?", (new, old))  # noqa: S608  # ours


def orders_of(connection: sqlite3.Connection, endpoint: str) -> list[tuple[Interception, int]]:
    """What an endpoint intercepts and in which order, as it is now: others may have moved it."""
    rows = connection.execute(
        "SELECT * FROM dispatcher_interception WHERE endpoint = ? ORDER BY type, api_id, entity_name, execution_order",
        (endpoint,),
    )
    return [
        (
            Interception(
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


def notification_details(endpoint: str, note: Notification) -> dict[str, object]:
    """What errors about a subscription tell of it."""
    return {
        "entityTypeName": note.entity_type_name,
        "actionName": note.action_name,
        "endpoint": endpoint,
        "templateName": note.template_name or None,
    }


def _identity(one: Interception) -> tuple[str, str, str, str]:
    return (one.type, one.api_id, one.entity_name, canonical_filters(one.path_filters))


def _interception(connection: sqlite3.Connection, endpoint: str, one: Interception) -> list[sqlite3.Row]:
    return connection.execute(
        "SELECT * FROM dispatcher_interception"
        " WHERE endpoint = ? AND type = ? AND api_id = ? AND entity_name = ? AND path_filters = ?",
        (endpoint, *_identity(one)),
    ).fetchall()


def _make_room(connection: sqlite3.Connection, group: tuple[str, str, str], order: int) -> None:
    """Move on whoever has this order, and whoever that one meets, up to the first free place."""
    rows = connection.execute(
        "SELECT id, execution_order FROM dispatcher_interception"
        " WHERE type = ? AND api_id = ? AND entity_name = ? AND execution_order >= ? ORDER BY execution_order",
        (*group, order),
    ).fetchall()
    moving = []
    for place, row in enumerate(rows, start=order):
        if row["execution_order"] != place:
            break
        moving.append(row)
    for row in reversed(moving):  # the last first, so that no two ever share a place
        _move(connection, row["id"], row["execution_order"] + 1)


def _move(connection: sqlite3.Connection, identifier: str, order: int) -> None:
    connection.execute(
        "UPDATE dispatcher_interception SET execution_order = ?,"
        " last_modified_time = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = ?",
        (order, identifier),
    )
