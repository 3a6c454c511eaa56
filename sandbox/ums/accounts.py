"""Users and service users in the database: created, changed and deleted inside the caller's transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from sandbox.ums.secret_hashes import hash_secret, random_secret
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

ORGANIZATION = "00000000-0000-0000-0000-000000000000"
"""The only organization of a local BioT, with the id of the platform's manufacturer organization."""
TOKEN_MINUTES = 30
"""The default lifetime of an access token (BioT's guide to calls from a plugin)."""
MAX_SECRET_KEYS = 5
"""The number of secret keys of a service user. The kit's choice: BioT has a limit but does not publish it."""
PUBLISHER_ROLE, PLUGIN_ROLE = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2))
"""Ids of the roles of the kit's own service user and of plugins. A local BioT has no roles: ``roleId`` is only stored
and returned, and the permissions of a service user are decided when it is created."""
INTERNAL_SERVICE, EXTERNAL_SERVICE = "INTERNAL_SERVICE", "EXTERNAL_SERVICE"


@dataclass(frozen=True, kw_only=True, slots=True)
class UserDraft:
    """A user to create.

    Attributes:
        username: The unique name for log-ins.
        password: The password, which is stored as a hash only.
        scopes: The permissions.
        mfa_code: The code for the second step of a log-in, or None without one. It stays valid until the user asks for
            another message.
        phone: The phone for log-ins by one-time code, in E.164 format such as ``+12345678901``.
        password_reset_required: Whether a log-in requires a new password and gives no refresh token.
        active: Whether the user can log in.
    """

    username: str
    password: str = field(repr=False)
    scopes: tuple[str, ...]
    mfa_code: str | None = field(default=None, repr=False)
    phone: str | None = None
    password_reset_required: bool = False
    active: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceUserDraft:
    """A service user to create.

    Attributes:
        name: The unique name.
        scopes: The permissions.
        type: ``INTERNAL_SERVICE`` or ``EXTERNAL_SERVICE``.
        token_minutes: The lifetime of its access tokens.
        role_id: The role, which is only stored and returned.
        active: Whether it can log in.
    """

    name: str
    scopes: tuple[str, ...]
    type: str = EXTERNAL_SERVICE
    token_minutes: int = TOKEN_MINUTES
    role_id: str = PUBLISHER_ROLE
    active: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretKey:
    """A new secret key, at the only moment when it can be read."""

    id: str
    creation_time: str
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceUser:
    """A new service user, with the secret key that cannot be read again."""

    id: str
    secret_key: str = field(repr=False)
    key: SecretKey


def create_user(connection: sqlite3.Connection, person: UserDraft) -> str:
    """Create a user and return the id.

    Raises:
        ApiError: 409, the name is in use.
    """
    if connection.execute("SELECT 1 FROM ums_user WHERE username = ?", (person.username,)).fetchone():
        raise ApiError(
            409, "USERNAME_ALREADY_EXISTS", "There is already a user with this name.", {"username": person.username}
        )
    identifier = str(uuid4())
    connection.execute(
        "INSERT INTO ums_user (id, username, organization_id, password, scopes, mfa_code, phone,"
        " password_reset_required, active) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            identifier,
            person.username,
            ORGANIZATION,
            hash_secret(person.password),
            json.dumps(person.scopes),
            hash_secret(person.mfa_code) if person.mfa_code is not None else None,
            person.phone,
            int(person.password_reset_required),
            int(person.active),
        ),
    )
    return identifier


def set_password(connection: sqlite3.Connection, username: str, password: str) -> None:
    """Change a user's password, end open sessions, and unlock the account."""
    connection.execute(
        "DELETE FROM ums_session WHERE user_id IN (SELECT id FROM ums_user WHERE username = ?)", (username,)
    )
    connection.execute(
        "UPDATE ums_user SET password = ?, failures = 0, locked_until = NULL WHERE username = ?",
        (hash_secret(password), username),
    )


def create_service_user(connection: sqlite3.Connection, name: str, scopes: Iterable[str]) -> ServiceUser:
    """Create an internal service user, such as every plugin has.

    Raises:
        ApiError: 409, the name is in use.
    """
    draft = ServiceUserDraft(name=name, scopes=tuple(scopes), type=INTERNAL_SERVICE, role_id=PLUGIN_ROLE)
    return add_service_user(connection, draft)


def add_service_user(connection: sqlite3.Connection, draft: ServiceUserDraft) -> ServiceUser:
    """Create a service user and its first secret key.

    Raises:
        ApiError: 409, the name is in use.
    """
    if connection.execute("SELECT 1 FROM ums_service_user WHERE name = ?", (draft.name,)).fetchone():
        message = "There is already a service user with this name."
        raise ApiError(409, "SERVICE_NAME_ALREADY_EXISTS", message, {"name": draft.name})
    identifier = str(uuid4())
    connection.execute(
        "INSERT INTO ums_service_user (id, name, type, organization_id, scopes, token_minutes, role_id, active)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            identifier,
            draft.name,
            draft.type,
            ORGANIZATION,
            json.dumps(draft.scopes),
            draft.token_minutes,
            draft.role_id,
            int(draft.active),
        ),
    )
    key = add_secret_key(connection, identifier)
    return ServiceUser(id=identifier, secret_key=key.secret, key=key)


def service_user_not_found(identifier: str) -> ApiError:
    """Return a 404 ``SERVICE_USER_NOT_FOUND``."""
    return ApiError(404, "SERVICE_USER_NOT_FOUND", "There is no service user with this id.", {"id": identifier})


def add_secret_key(connection: sqlite3.Connection, service_user: str) -> SecretKey:
    """Add a secret key to a service user.

    Raises:
        ApiError: 404, there is no such service user; 409, it already has the maximum number of keys.
    """
    if not connection.execute("SELECT 1 FROM ums_service_user WHERE id = ?", (service_user,)).fetchone():
        raise service_user_not_found(service_user)
    (count,) = connection.execute(
        "SELECT count(*) FROM ums_secret_key WHERE service_user_id = ?", (service_user,)
    ).fetchone()
    if count >= MAX_SECRET_KEYS:
        message = f"A service user can have at most {MAX_SECRET_KEYS} secret keys."
        details = {"serviceId": service_user, "maxSecretKeys": MAX_SECRET_KEYS}
        raise ApiError(409, "MAX_SECRET_KEYS", message, details)
    identifier, secret = str(uuid4()), random_secret()
    (created,) = connection.execute(
        "INSERT INTO ums_secret_key (id, service_user_id, secret, creation_time)"
        " VALUES (?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) RETURNING creation_time",
        (identifier, service_user, hash_secret(secret)),
    ).fetchone()
    return SecretKey(id=identifier, creation_time=created, secret=secret)


def scopes_of(row: sqlite3.Row) -> list[str]:
    """Return the permissions of a stored user or service user."""
    scopes: list[str] = json.loads(row["scopes"])
    return scopes


def delete_service_user(connection: sqlite3.Connection, identifier: str) -> None:
    """Delete a service user and its keys; its tokens are no longer valid."""
    connection.execute("DELETE FROM ums_service_user WHERE id = ?", (identifier,))
