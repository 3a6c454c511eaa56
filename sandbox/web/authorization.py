"""Authentication and authorization: who sends a request, and whether they have the permission that it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.instance_state import InstanceState, state_of
from sandbox.tokens.signing_keys import UnknownSignatureError
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from starlette.requests import Request

USER, SERVICE_INTERNAL, SERVICE_EXTERNAL, REFRESH = "USER", "SERVICE_INTERNAL", "SERVICE_EXTERNAL", "REFRESH"
"""``tokenType``. The first two occur in the platform's tokens; the others are the kit's choice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """The sender of a request.

    Attributes:
        id: The id of the user or service user.
        kind: The token's ``tokenType``.
        scopes: The token's permissions.
        expires: When the token expires, in seconds since 1970.
    """

    id: str
    kind: str
    scopes: frozenset[str]
    expires: float


def authenticate(request: Request) -> Caller:
    """Return the sender of a request, from its bearer token.

    Raises:
        ApiError: 401 ``TOKEN_NOT_VALID``: the token is missing, forged or expired, or its owner is inactive or deleted.
    """
    state = state_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        msg = "The request has no bearer token."
        raise _not_valid(msg)
    claims = _claims(state, token.strip())
    caller = Caller(
        id=str(claims.get("sub") or claims.get("serviceUserId")),
        kind=str(claims.get("tokenType")),
        scopes=frozenset(claims.get("scopes", ())),
        expires=float(claims["exp"]),
    )
    with state.database.read() as connection:
        if not _is_owner_active(connection, claims):
            msg = "The token's owner has logged out, is inactive or was deleted."
            raise _not_valid(msg)
    return caller


def require_permission(request: Request, permission: str) -> Caller:
    """Return the sender of a request, who must have a permission.

    Raises:
        ApiError: 401 ``TOKEN_NOT_VALID``, or 403 ``ACCESS_DENIED`` when the token lacks the permission.
    """
    caller = authenticate(request)
    if permission not in caller.scopes:
        raise ApiError(403, "ACCESS_DENIED", f"This request needs the permission {permission}.")
    return caller


def _claims(state: InstanceState, token: str) -> Mapping[str, Any]:
    try:
        claims = state.keys.read(token)
    except UnknownSignatureError as error:
        msg = "The token's signature is not valid for this BioT."
        raise _not_valid(msg) from error
    if claims["exp"] <= state.clock.now().timestamp():
        msg = "The token has expired."
        raise _not_valid(msg)
    return claims


def _is_owner_active(connection: sqlite3.Connection, claims: Mapping[str, Any]) -> bool:
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
