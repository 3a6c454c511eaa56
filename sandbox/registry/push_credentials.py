"""The temporary credentials of the plugin repository, and the passwords that ECR's token call makes of them."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

VALID = timedelta(hours=1)
"""How long the credentials are valid, according to BioT's deployment guide. On ECR the password that they return is
valid for 12 hours; here it ends with the credentials, so that a client that keeps it for too long fails here first."""
USERNAME = "AWS"
"""The user name of every log-in at ECR."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PushCredentials:
    """Temporary AWS credentials.

    Attributes:
        access_key_id: The name of the key.
        secret_access_key: Signs requests.
        session_token: Accompanies every signed request.
        expires: When they end.
    """

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires: datetime

    @property
    def password(self) -> str:
        """The password for the registry that belongs to these credentials."""
        proof = hmac.digest(self.secret_access_key.encode(), b"registry password", "sha256").hex()
        return f"{self.access_key_id}.{proof}"


def issue_credentials(connection: sqlite3.Connection, now: datetime) -> PushCredentials:
    """Create credentials, and delete those that have ended."""
    issued = PushCredentials(
        access_key_id=f"ASIALOCAL{secrets.token_hex(6).upper()}",
        secret_access_key=secrets.token_urlsafe(30),
        session_token=secrets.token_urlsafe(120),
        expires=now + VALID,
    )
    connection.execute("DELETE FROM registry_credential WHERE expires < ?", (now.timestamp(),))
    connection.execute(
        "INSERT INTO registry_credential (access_key_id, secret_access_key, session_token, expires)"
        " VALUES (?, ?, ?, ?)",
        (issued.access_key_id, issued.secret_access_key, issued.session_token, issued.expires.timestamp()),
    )
    return issued


def find_credentials(connection: sqlite3.Connection, access_key_id: str) -> PushCredentials | None:
    """Return credentials by their access key id, also those that have ended."""
    row = connection.execute("SELECT * FROM registry_credential WHERE access_key_id = ?", (access_key_id,)).fetchone()
    if row is None:
        return None
    return PushCredentials(
        access_key_id=row["access_key_id"],
        secret_access_key=row["secret_access_key"],
        session_token=row["session_token"],
        expires=datetime.fromtimestamp(row["expires"], tz=UTC),
    )


def is_password(connection: sqlite3.Connection, password: str, now: datetime) -> bool:
    """Return whether a password is valid now."""
    found = find_credentials(connection, password.partition(".")[0])
    return found is not None and now < found.expires and hmac.compare_digest(found.password, password)
