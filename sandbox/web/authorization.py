"""Who sends a request, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt

from sandbox.instance_state import InstanceState, state_of
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from starlette.requests import Request

USER, SERVICE_INTERNAL, SERVICE_EXTERNAL, REFRESH = "USER", "SERVICE_INTERNAL", "SERVICE_EXTERNAL", "REFRESH"
"""``tokenType``. The first two were seen in tokens of the platform; the others are the kit's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who sent a request.

    Attributes:
        id: Of the user or the service user.
        kind: ``tokenType`` of the token.
        scopes: The permissions that the token carries.
        ends: When the token ends, in seconds since 1970.
    """

    id: str
    kind: str
    scopes: frozenset[str]
    ends: float


def authenticate(request: Request) -> Caller:
    """The sender of a request, from its bearer token.

    Raises:
        ApiError: 401 ``TOKEN_NOT_VALID``: no token, a foreign, ended or changed one, or its owner is gone or inactive.
    """
    state = state_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        msg = "The request has no bearer token."
        raise _not_valid(msg)
    claims = _claims(state, token.strip())
    found = Caller(
        id=str(claims.get("sub") or claims.get("serviceUserId")),
        kind=str(claims.get("tokenType")),
        scopes=frozenset(claims.get("scopes", ())),
        ends=float(claims["exp"]),
    )
    with state.database.read() as connection:
        if not _still_there(connection, claims):
            msg = "The token's owner has logged out, is inactive or is gone."
            raise _not_valid(msg)
    return found


def require_permission(request: Request, permission: str) -> Caller:
    """The sender of a request, who must have a permission.

    Raises:
        ApiError: 401 ``TOKEN_NOT_VALID``, or 403 ``ACCESS_DENIED`` when the token does not carry the permission.
    """
    found = authenticate(request)
    if permission not in found.scopes:
        raise ApiError(403, "ACCESS_DENIED", f"This request needs the permission {permission}.")
    return found


def _claims(state: InstanceState, token: str) -> Mapping[str, Any]:
    try:
        claims = state.keys.read(token)
    except jwt.InvalidTokenError as error:
        msg = "The token was not signed here, or was changed."
        raise _not_valid(msg) from error
    if claims["exp"] <= state.clock.now().timestamp():
        msg = "The token has ended."
        raise _not_valid(msg)
    return claims


def _still_there(connection: sqlite3.Connection, claims: Mapping[str, Any]) -> bool:
    match claims:
        case {"tokenType": "USER", "refreshTokenId": str(session)}:
            row = connection.execute(
                "SELECT 1 FROM ums_session s JOIN ums_user u ON u.id = s.user_id WHERE s.id = ? AND u.active",
                (session,),
            )
        case {"tokenType": "USER", "sub": str(user)}:
            row = connection.execute("SELECT 1 FROM ums_user WHERE id = ? AND active", (user,))
        case {"tokenType": "SERVICE_INTERNAL" | "SERVICE_EXTERNAL", "serviceUserId": str(service)}:
            row = connection.execute("SELECT 1 FROM ums_service_user WHERE id = ? AND active", (service,))
        case _:
            return False
    return row.fetchone() is not None


def _not_valid(message: str) -> ApiError:
    return ApiError(401, "TOKEN_NOT_VALID", message)
