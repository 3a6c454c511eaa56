"""Codes that BioT sends as text messages: for log-ins without a password, and for the second step of a log-in.

A local BioT sends no messages. It stores them, and the administrator reads them with ``GET /sandbox/v1/messages``.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from sandbox.clock import iso
from sandbox.ums.secret_hashes import hash_secret, secret_matches
from sandbox.ums.sessions import USERS, check_secret, mask_phone, start_session
from sandbox.web.biot_errors import bad_request, login_failed

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from sandbox.instance_state import InstanceState

CODE_MINUTES = 10
"""The lifetime of a one-time code. The kit's choice: BioT publishes no number."""
MESSAGES_KEPT = 100
"""The number of stored messages; older ones are deleted."""
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def send_login_code(state: InstanceState, phone: str) -> dict[str, object]:
    """Send a code to the user with this phone and return BioT's ``GenerateOtpResponse``.

    The response for an unknown phone is the same, so that it reveals nothing about accounts.

    Raises:
        ApiError: 400, it is not a phone number.
    """
    if not _E164.fullmatch(phone):
        msg = "phone must be a number in E.164 format, such as +12345678901."
        raise bad_request(msg)
    request, code, now = str(uuid4()), _new_code(), state.clock.now()
    with state.database.write() as connection:
        user = connection.execute("SELECT id FROM ums_user WHERE phone = ? AND active", (phone,)).fetchone()
        if user is not None:
            connection.execute(
                "INSERT INTO ums_one_time_code (request_id, user_id, code, ends) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (user_id) DO UPDATE SET request_id = excluded.request_id, code = excluded.code,"
                " ends = excluded.ends",
                (request, user["id"], hash_secret(code), (now + timedelta(minutes=CODE_MINUTES)).timestamp()),
            )
            _store_message(connection, phone, code, now)
    return {"requestId": request, "phone": mask_phone(phone)}


def log_in_by_code(state: InstanceState, request: str, code: str) -> dict[str, object]:
    """Log in with a one-time code.

    Raises:
        ApiError: 403 ``LOGIN_FAILED``; 401 ``USER_LOCKED_WITH_TIME``.
    """
    with state.database.read() as connection:
        row = connection.execute(
            "SELECT u.*, c.code, c.ends FROM ums_one_time_code c JOIN ums_user u ON u.id = c.user_id"
            " WHERE c.request_id = ? AND c.ends > ? AND u.active",
            (request, state.clock.now().timestamp()),
        ).fetchone()
    if row is None:
        raise login_failed()
    check_secret(state, USERS, row, is_correct=secret_matches(code, row["code"]))
    with state.database.write() as connection:
        used = connection.execute("DELETE FROM ums_one_time_code WHERE request_id = ?", (request,))
    if not used.rowcount:  # another request has used the code first
        raise login_failed()
    return start_session(state, row)


def resend_second_step(state: InstanceState, user_id: str, expires: datetime) -> dict[str, object]:
    """Send a new code for the second step, which replaces the old one, and return BioT's ``ResendMfaResponse``.

    Args:
        state: The state of the local BioT.
        user_id: The user who has completed the first step.
        expires: When the token of the first step expires.
    """
    code = _new_code()
    with state.database.write() as connection:
        (phone,) = connection.execute(
            "UPDATE ums_user SET mfa_code = ? WHERE id = ? RETURNING coalesce(phone, '')",
            (hash_secret(code), user_id),
        ).fetchone()
        _store_message(connection, phone, code, state.clock.now())
    return {"mfaExpiration": iso(expires)}


def sent_messages(state: InstanceState) -> list[dict[str, str]]:
    """Return the stored messages, the newest first."""
    with state.database.read() as connection:
        rows = connection.execute("SELECT * FROM ums_text_message ORDER BY number DESC").fetchall()
    return [{"phone": row["phone"], "code": row["code"], "creationTime": row["creation_time"]} for row in rows]


def _new_code() -> str:
    return f"{secrets.randbelow(1_000_000):06}"


def _store_message(connection: sqlite3.Connection, phone: str, code: str, moment: datetime) -> None:
    connection.execute(
        "INSERT INTO ums_text_message (phone, code, creation_time) VALUES (?, ?, ?)", (phone, code, iso(moment))
    )
    connection.execute(
        "DELETE FROM ums_text_message WHERE number <= (SELECT max(number) FROM ums_text_message) - ?", (MESSAGES_KEPT,)
    )
