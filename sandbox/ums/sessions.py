"""Log-ins, sessions and the tokens that they issue."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from sandbox.clock import iso
from sandbox.tokens.signing_keys import UnknownSignatureError
from sandbox.ums.accounts import INTERNAL_SERVICE, TOKEN_MINUTES, scopes_of
from sandbox.ums.permissions import MFA_LOGIN, MFA_RESEND
from sandbox.ums.secret_hashes import secret_matches, unmatchable_hash
from sandbox.web.authorization import REFRESH, SERVICE_EXTERNAL, SERVICE_INTERNAL, USER
from sandbox.web.biot_errors import ApiError, bad_request, login_failed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from sandbox.database import Database
    from sandbox.instance_state import InstanceState

REFRESH_HOURS = 12
"""How long a session can be refreshed. The kit's choice: in BioT it is a setting of each environment."""
MFA_MINUTES = 10
"""The time for the second step of a log-in. The kit's choice."""
FAILURES_ALLOWED = 5
LOCK_MINUTES = 15
"""An account is locked for so long after this number of failures in a row. The kit's choice: BioT publishes neither."""

_NO_USER_HASH = unmatchable_hash()
"""Checked when there is no such user, so that the response takes as long as for an existing user."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LockableAccounts:
    """A table of accounts that can be locked, and the error for a locked one.

    Attributes:
        table: The name of the table.
        locked_code: The code of the error.
        shows_time: Whether the details of the error contain the remaining time.
    """

    table: str
    locked_code: str
    shows_time: bool


USERS = LockableAccounts(table="ums_user", locked_code="USER_LOCKED_WITH_TIME", shows_time=True)
SERVICES = LockableAccounts(table="ums_service_user", locked_code="SERVICE_LOCKED", shows_time=False)


def log_in(state: InstanceState, username: str, password: str) -> dict[str, object]:
    """Log in a user, or complete the first of two steps, and return BioT's ``LoginResponse``.

    Raises:
        ApiError: 403 ``LOGIN_FAILED``; 401 ``USER_LOCKED_WITH_TIME``.
    """
    with state.database.read() as connection:
        user = connection.execute("SELECT * FROM ums_user WHERE username = ?", (username,)).fetchone()
    if user is None or not user["active"]:
        secret_matches(password, _NO_USER_HASH)
        raise login_failed()
    check_secret(state, USERS, user, is_correct=secret_matches(password, user["password"]))
    if user["mfa_code"] is not None:
        return _first_step(state, user)
    return start_session(state, user)


def finish_mfa(state: InstanceState, user_id: str, code: str) -> dict[str, object]:
    """Complete the second step of a log-in.

    Raises:
        ApiError: 403 ``LOGIN_FAILED``; 401 ``USER_LOCKED_WITH_TIME``.
    """
    with state.database.read() as connection:
        user = connection.execute("SELECT * FROM ums_user WHERE id = ?", (user_id,)).fetchone()
    if user is None or user["mfa_code"] is None or not user["active"]:
        raise login_failed()
    check_secret(state, USERS, user, is_correct=secret_matches(code, user["mfa_code"]))
    return start_session(state, user)


def refresh_session(state: InstanceState, refresh_token: str) -> dict[str, object]:
    """Issue a new access token for a session that has not expired; the refresh token stays the same.

    Raises:
        ApiError: 403 ``REFRESH_TOKEN_NOT_VALID``.
    """
    session = _session_of(state, refresh_token)
    user = _user_of(state, session)
    refresh = {"token": refresh_token, "expiration": iso(datetime.fromtimestamp(user["ends"], UTC))}
    return _login_response(user, access=_user_token(state, user, session), refresh=refresh)


def log_in_by_token(state: InstanceState, refresh_token: str) -> dict[str, object]:
    """Start a new session with a refresh token ("remember me"). The old one goes on: no document says that it ends.

    Raises:
        ApiError: 403 ``LOGIN_FAILED``.
    """
    try:
        user = _user_of(state, _session_of(state, refresh_token))
    except ApiError as error:
        raise login_failed(error.message) from error
    return start_session(state, user)


def log_out(state: InstanceState, refresh_token: str) -> None:
    """End a session; its access tokens are no longer valid.

    Raises:
        ApiError: 400, it is not a refresh token; the specification has no other error.
    """
    try:
        session = _session_of(state, refresh_token)
    except ApiError as error:
        raise bad_request(error.message) from error
    with state.database.write() as connection:
        connection.execute("DELETE FROM ums_session WHERE id = ?", (session,))


def service_token(state: InstanceState, identifier: str, secret_key: str) -> dict[str, object]:
    """Issue an access token for a service user.

    Raises:
        ApiError: 403 ``LOGIN_FAILED``; 401 ``SERVICE_LOCKED``.
    """
    with state.database.read() as connection:
        service = connection.execute("SELECT * FROM ums_service_user WHERE id = ?", (identifier,)).fetchone()
    if service is None or not service["active"]:
        raise login_failed()
    check_secret(state, SERVICES, service, is_correct=secret_key_matches(state.database, identifier, secret_key))
    kind = SERVICE_INTERNAL if service["type"] == INTERNAL_SERVICE else SERVICE_EXTERNAL
    claims = {"serviceUserId": service["id"], "scopes": scopes_of(service), "tokenType": kind}
    token = _token(state, claims, timedelta(minutes=service["token_minutes"]))
    return {"accessToken": token["token"], "accessTokenExpiration": token["expiration"]}


def secret_key_matches(database: Database, identifier: str, secret_key: str) -> bool:
    """Return whether a secret key belongs to a service user."""
    with database.read() as connection:
        rows = connection.execute("SELECT secret FROM ums_secret_key WHERE service_user_id = ?", (identifier,))
        keys = [row["secret"] for row in rows]
    return any(secret_matches(secret_key, key) for key in keys)


def check_secret(state: InstanceState, account: LockableAccounts, row: sqlite3.Row, *, is_correct: bool) -> None:
    """Count an attempt to log in, and refuse it if the secret is wrong or the account is locked.

    Raises:
        ApiError: 403 ``LOGIN_FAILED``; 401 with the code of the account's lock.
    """
    now = state.clock.now().timestamp()
    seconds_left = (row["locked_until"] or 0) - now
    if seconds_left > 0:
        minutes = math.ceil(seconds_left / 60)
        message = f"The account is locked for {minutes} more minutes after too many failures."
        raise ApiError(401, account.locked_code, message, {"timeLeftInMinutes": minutes} if account.shows_time else {})
    if is_correct and not row["failures"]:
        return
    with state.database.write() as connection:
        # Counted inside the transaction, so that two simultaneous failures count as two.
        (failures,) = connection.execute(
            f"UPDATE {account.table} SET failures = CASE WHEN ? THEN 0 ELSE failures + 1 END, locked_until = NULL"  # noqa: S608 - a fixed name
            " WHERE id = ? RETURNING failures",
            (is_correct, row["id"]),
        ).fetchone() or (0,)
        if failures >= FAILURES_ALLOWED:
            connection.execute(
                f"UPDATE {account.table} SET failures = 0, locked_until = ? WHERE id = ?",  # noqa: S608 - the same
                (now + LOCK_MINUTES * 60, row["id"]),
            )
    if not is_correct:
        raise login_failed()


def _first_step(state: InstanceState, user: sqlite3.Row) -> dict[str, object]:
    claims = {
        "sub": user["id"],
        "tenantId": user["organization_id"],
        "scopes": [MFA_LOGIN, MFA_RESEND],
        "tokenType": USER,
    }
    access = _token(state, claims, timedelta(minutes=MFA_MINUTES))
    return {
        **_login_response(user, access=access, refresh=None),
        "mfaRequired": True,
        "mfaExpiration": access["expiration"],
        "passwordResetRequired": False,
        **({"phone": mask_phone(user["phone"])} if user["phone"] else {}),
    }


def mask_phone(phone: str) -> str:
    """Hide a phone number except its last digits, as in responses: ``******8901``."""
    return f"******{phone[-4:]}"


def start_session(state: InstanceState, user: sqlite3.Row) -> dict[str, object]:
    """Start a session and return the response to a successful log-in, with both tokens."""
    if user["password_reset_required"]:
        # A token without permissions; the platform's token allows only the reset.
        claims = {"sub": user["id"], "tenantId": user["organization_id"], "scopes": [], "tokenType": USER}
        access = _token(state, claims, timedelta(minutes=TOKEN_MINUTES))
        return {**_login_response(user, access=access, refresh=None), "refreshJwt": None}  # the specification says null
    session, now = str(uuid4()), state.clock.now()
    lifetime = timedelta(hours=REFRESH_HOURS)
    with state.database.write() as connection:
        connection.execute("DELETE FROM ums_session WHERE ends <= ?", (now.timestamp(),))
        connection.execute(
            "INSERT INTO ums_session (id, user_id, ends) VALUES (?, ?, ?)",
            (session, user["id"], int((now + lifetime).timestamp())),  # tokens end at whole seconds
        )
    refresh = _token(state, {"sub": user["id"], "refreshTokenId": session, "tokenType": REFRESH}, lifetime)
    return _login_response(user, access=_user_token(state, user, session), refresh=refresh)


def _user_token(state: InstanceState, user: sqlite3.Row, session: str) -> dict[str, str]:
    claims = {
        "sub": user["id"],
        "tenantId": user["organization_id"],
        "refreshTokenId": session,
        "scopes": scopes_of(user),
        "tokenType": USER,
    }
    return _token(state, claims, timedelta(minutes=TOKEN_MINUTES))


def _token(state: InstanceState, claims: Mapping[str, object], lifetime: timedelta) -> dict[str, str]:
    expires = (state.clock.now() + lifetime).replace(microsecond=0)
    return {
        "token": state.keys.sign({**claims, "jti": str(uuid4()), "exp": int(expires.timestamp())}),
        "expiration": iso(expires),
    }


def _login_response(
    user: sqlite3.Row, *, access: Mapping[str, str], refresh: Mapping[str, str] | None
) -> dict[str, object]:
    return {
        "userId": user["id"],
        "ownerOrganizationId": user["organization_id"],
        "accessJwt": access,
        **({"refreshJwt": refresh} if refresh else {}),
        "mfaRequired": False,
        "passwordResetRequired": bool(user["password_reset_required"]),
    }


def _user_of(state: InstanceState, session: str) -> sqlite3.Row:
    with state.database.read() as connection:
        user: sqlite3.Row | None = connection.execute(
            "SELECT u.*, s.ends FROM ums_user u JOIN ums_session s ON s.user_id = u.id"
            " WHERE s.id = ? AND s.ends > ? AND u.active",
            (session, state.clock.now().timestamp()),
        ).fetchone()
    if user is None:
        raise _invalid_refresh_token()
    return user


def _session_of(state: InstanceState, refresh_token: str) -> str:
    try:
        claims = state.keys.read(refresh_token)
    except UnknownSignatureError as error:
        raise _invalid_refresh_token() from error
    if claims.get("tokenType") != REFRESH:
        raise _invalid_refresh_token()
    return str(claims["refreshTokenId"])


def _invalid_refresh_token() -> ApiError:
    return ApiError(
        403, "REFRESH_TOKEN_NOT_VALID", "The refresh token has expired, was logged out, or is not from this BioT."
    )
