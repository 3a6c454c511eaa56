"""The local BioT that a command starts: its accounts, what to print about it, and the signals that end it."""

from __future__ import annotations

import gc
import signal
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from builder.errors import PublishError, SandboxError
from sandbox import ADMIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

    from builder.publishing.state_folder import StateFolder
    from sandbox.server import RunningServer

_COLLECTION_THRESHOLD = 1_000
"""Objects between two collections of garbage while the local BioT runs. With the value of short commands, what 150
saves left behind, 10 MB, waited for the first complete collection."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StartMessage:
    """What a person or a script needs to know to use the local BioT."""

    running: RunningServer
    local_file: Path
    service_user_id: str
    new: bool
    admin_password: str = field(repr=False)

    def document(self) -> dict[str, object]:
        """The message as JSON, without the password."""
        return {
            "status": "running",
            "baseUrl": self.running.base_url,
            "environment": "local",
            "data": str(self.running.state.database.file.parent),
            "new": self.new,
            "adminUsername": ADMIN,
            "serviceUserId": self.service_user_id,
            "credentials": str(self.local_file),
        }

    def lines(self) -> list[str]:
        """The message for people."""
        data = self.running.state.database.file.parent
        rows = [
            ("administrator", ADMIN),
            ("password", self._password()),
            ("service user", self.service_user_id),
            ("its secret key", f"in {self.local_file}, readable only by you"),
        ]
        return [
            f"Local BioT on {self.running.base_url}",
            f"{'New' if self.new else 'With the data of last time'}, in {data}",
            f"Console: {self.running.console_url}",
            "",
            *(f"  {label.ljust(14)}  {value}" for label, value in rows),
            "",
            "The other commands use it as the environment local: biot-plugin publish -e local",
            "Ctrl-C stops it.",
        ]

    def _password(self) -> str:
        if not self.admin_password:
            return "printed at the first start; --new-password sets a new one"
        return f"{self.admin_password}   (printed only once)"


def collect_garbage_regularly() -> None:
    """Collect garbage as a server has to: ``main`` sets what is best for a command that soon ends."""
    gc.freeze()  # what is imported stays: a complete collection leaves it out
    gc.set_threshold(_COLLECTION_THRESHOLD)


def open_local_biot(running: RunningServer, state: StateFolder, *, new_password: bool) -> StartMessage:
    """Create the first accounts where they are missing, and write the address for the other commands."""
    from builder.network.secret_text import SecretText
    from builder.publishing.state_folder import LocalBiot, write_local_biot
    from sandbox.ums.first_accounts import create_first_accounts, new_admin_password

    database = running.state.database
    accounts = create_first_accounts(database)
    service_user, secret = (
        (accounts.service_user.id, accounts.service_user.secret_key) if accounts else _service_user(running, state)
    )
    local = LocalBiot(
        base_url=running.base_url,
        service_user_id=service_user,
        service_user_secret_key=SecretText(secret),
        admin_username=ADMIN,
    )
    try:
        write_local_biot(state, local)
    except PublishError as error:
        raise SandboxError(error.message, hint=error.hint) from error
    password = accounts.admin_password if accounts else ""
    if not accounts and new_password:
        password = new_admin_password(database)
    return StartMessage(
        running=running,
        local_file=state.local_file,
        service_user_id=service_user,
        new=accounts is not None,
        admin_password=password,
    )


def _service_user(running: RunningServer, state: StateFolder) -> tuple[str, str]:
    """The service user's ID and secret key of last time; a new key when the file does not hold the right one."""
    from builder.publishing.state_folder import read_local_biot
    from sandbox.ums.first_accounts import new_service_key
    from sandbox.ums.sessions import secret_key_matches

    database = running.state.database
    local = None
    with suppress(PublishError):  # the file is about to be written again
        local = read_local_biot(state)
    if local and secret_key_matches(database, local.service_user_id, local.service_user_secret_key.reveal()):
        return local.service_user_id, local.service_user_secret_key.reveal()
    user = new_service_key(database)
    return user.id, user.secret_key


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """The signals that came; after any number of them the local BioT stops once, and cleanly.

    A terminal that is closed sends one as well (SIGHUP).
    """
    signals: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        signals.append(number)

    numbers = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else [])]
    handlers = {number: signal.signal(number, note) for number in numbers}
    try:
        yield signals
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
