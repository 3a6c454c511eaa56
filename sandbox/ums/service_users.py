"""Existing service users: searched, returned, changed and deleted inside the caller's transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.search.filters import SearchProperty
from sandbox.search.search_query import SearchableList
from sandbox.ums.accounts import delete_service_user, service_user_not_found
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    import sqlite3

_KEYS = (
    "(SELECT json_group_array(json_object('id', k.id, 'creationTime', k.creation_time)) FROM"
    " (SELECT * FROM ums_secret_key WHERE service_user_id = ums_service_user.id ORDER BY creation_time, rowid) k)"
)
_PROPS = {
    "id": SearchProperty(column="id"),
    "active": SearchProperty(column="iif(active, 'true', 'false')", kind="flag"),
    "type": SearchProperty(column="type"),
    "ownerOrganizationId": SearchProperty(column="organization_id"),
    "name": SearchProperty(column="name"),
    "accessTokenExpirationInMinutes": SearchProperty(column="token_minutes", kind="number"),
}
SERVICE_USERS = SearchableList(
    source="ums_service_user",
    columns=f"*, {_KEYS} AS keys",
    props=_PROPS,
    sortable=frozenset(_PROPS),
    default_sort="rowid DESC",
    key="id",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceUserChange:
    """The fields of an update; None leaves a field unchanged."""

    active: bool | None
    role_id: str | None


def service_user_body(row: sqlite3.Row) -> dict[str, object]:
    """Return BioT's ``GetServiceUserV2Response`` for a row of ``SERVICE_USERS``. It never contains secrets."""
    return {
        "active": bool(row["active"]),
        "roleId": row["role_id"],
        "type": row["type"],
        "ownerOrganizationId": row["organization_id"],
        "name": row["name"],
        "accessTokenExpirationInMinutes": row["token_minutes"],
        "id": row["id"],
        "secretKeys": json.loads(row["keys"]),
    }


def find_service_user(connection: sqlite3.Connection, identifier: str) -> sqlite3.Row:
    """Find a service user.

    Raises:
        ApiError: 404 ``SERVICE_USER_NOT_FOUND``.
    """
    row: sqlite3.Row | None = connection.execute(
        f"SELECT {SERVICE_USERS.columns} FROM ums_service_user WHERE id = ?",  # noqa: S608  # columns of this module
        (identifier,),
    ).fetchone()
    if row is None:
        raise service_user_not_found(identifier)
    return row


def change_service_user(connection: sqlite3.Connection, identifier: str, change: ServiceUserChange) -> sqlite3.Row:
    """Change a service user. An inactive one can neither log in nor use its tokens.

    Raises:
        ApiError: 404 ``SERVICE_USER_NOT_FOUND``.
    """
    connection.execute(
        "UPDATE ums_service_user SET active = coalesce(?, active), role_id = coalesce(?, role_id) WHERE id = ?",
        (change.active, change.role_id, identifier),
    )
    return find_service_user(connection, identifier)


def remove_service_user(connection: sqlite3.Connection, identifier: str) -> None:
    """Delete a service user and its keys.

    Raises:
        ApiError: 404 ``SERVICE_USER_NOT_FOUND``.
    """
    find_service_user(connection, identifier)
    delete_service_user(connection, identifier)


def remove_secret_key(connection: sqlite3.Connection, identifier: str, key: str) -> None:
    """Delete a secret key of a service user. Tokens that were issued for it stay valid until they expire.

    Raises:
        ApiError: 404 ``SERVICE_USER_NOT_FOUND`` or ``SECRET_KEY_ID_NOT_FOUND``.
    """
    find_service_user(connection, identifier)
    deleted = connection.execute("DELETE FROM ums_secret_key WHERE id = ? AND service_user_id = ?", (key, identifier))
    if not deleted.rowcount:
        details = {"secretKeyId": key, "serviceUserId": identifier}
        message = "The service user has no secret key with this id."
        raise ApiError(404, "SECRET_KEY_ID_NOT_FOUND", message, details)
