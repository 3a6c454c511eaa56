"""The first two accounts of a local BioT: the administrator and the kit's service user."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from builder.errors import SandboxError
from sandbox import ADMIN
from sandbox.ums.accounts import (
    ServiceUser,
    ServiceUserDraft,
    UserDraft,
    add_secret_key,
    add_service_user,
    create_user,
    set_password,
)
from sandbox.ums.permissions import ADMINISTRATOR, PUBLISHER
from sandbox.ums.secret_hashes import random_secret

if TYPE_CHECKING:
    from sandbox.database import Database

PUBLISHER_NAME = "biot-plugin"
"""The service user of the kit's own commands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstAccounts:
    """The accounts of a new local BioT, with their secrets, at the only moment when these can be read."""

    admin_password: str = field(repr=False)
    service_user: ServiceUser


def create_first_accounts(database: Database) -> FirstAccounts | None:
    """Create the administrator and the service user; return None if this local BioT has them already.

    Raises:
        SandboxError: The local BioT has the service user only.
    """
    with database.write() as connection:
        if connection.execute("SELECT 1 FROM ums_user WHERE username = ?", (ADMIN,)).fetchone():
            return None
        if connection.execute("SELECT 1 FROM ums_service_user WHERE name = ?", (PUBLISHER_NAME,)).fetchone():
            raise _damaged(ADMIN)
        password = random_secret()
        create_user(connection, UserDraft(username=ADMIN, password=password, scopes=ADMINISTRATOR))
        draft = ServiceUserDraft(name=PUBLISHER_NAME, scopes=PUBLISHER)
        return FirstAccounts(admin_password=password, service_user=add_service_user(connection, draft))


def new_admin_password(database: Database) -> str:
    """Give the administrator a new password, because the old one cannot be read again. Open sessions end."""
    password = random_secret()
    with database.write() as connection:
        set_password(connection, ADMIN, password)
    return password


def new_service_key(database: Database) -> ServiceUser:
    """Give the service user a new secret key, because the file with the old one is lost. Older keys are deleted.

    Raises:
        SandboxError: There is no service user.
    """
    with database.write() as connection:
        row = connection.execute("SELECT id FROM ums_service_user WHERE name = ?", (PUBLISHER_NAME,)).fetchone()
        if row is None:
            raise _damaged(PUBLISHER_NAME)
        (identifier,) = row
        connection.execute("DELETE FROM ums_secret_key WHERE service_user_id = ?", (identifier,))
        key = add_secret_key(connection, identifier)
    return ServiceUser(id=identifier, secret_key=key.secret, key=key)


def _damaged(account: str) -> SandboxError:
    msg = f"The data of this local BioT is damaged: its account {account} is missing."
    return SandboxError(msg, hint="Start with an empty BioT (--fresh), or choose another folder with --data FOLDER.")
