"""A local BioT on loopback for as long as a block runs."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import cycle
from typing import TYPE_CHECKING, Any

from sandbox import ADMIN
from sandbox.clock import Clock, SystemClock
from sandbox.server import ServerOptions, start
from sandbox.tokens.token_signatures import new_private_key
from sandbox.ums.first_accounts import create_first_accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from sandbox.faults import Scenario
    from sandbox.functions.service import ServiceSettings
    from sandbox.server import RunningServer
    from sandbox.ums.accounts import ServiceUser


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The response to a request; ``body`` is the JSON, or the text if it is not JSON."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """A running local BioT with its first accounts."""

    running: RunningServer
    admin_password: str
    service_user: ServiceUser
    admin_username: str = field(default=ADMIN)

    @property
    def base_url(self) -> str:
        """Its address."""
        return self.running.base_url

    def token(self) -> str:
        """Return an access token of the service user, which may publish."""
        body = {"id": self.service_user.id, "secretKey": self.service_user.secret_key}
        token: str = self.call("POST", "/ums/v2/services/accessToken", body=body).body["accessToken"]
        return token

    def admin_token(self) -> str:
        """Return an access token of the administrator, who has all permissions."""
        body = {"username": self.admin_username, "password": self.admin_password}
        token: str = self.call("POST", "/ums/v2/users/login", body=body).body["accessJwt"]["token"]
        return token

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request, with ``body`` as JSON or as bytes, and return the response."""
        sent = {"authorization": f"Bearer {token}"} if token else {}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if data is not None:
            sent["content-type"] = "application/json"
        sent |= headers or {}
        request = urllib.request.Request(self.base_url + path, data, sent, method=method)  # noqa: S310 - http, ours
        try:
            with _OPENER.open(request, timeout=30) as response:
                return _answer(response.status, response.read(), dict(response.headers))
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, error.read(), dict(error.headers))


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _answer(status: int, data: bytes, headers: Mapping[str, str]) -> Answer:
    try:
        body = json.loads(data)
    except ValueError:
        body = data.decode()
    return Answer(status=status, body=body, headers=headers)


@cache
def _private_keys() -> Iterator[str]:
    """A few keys in turn: making one takes longer than most tests. Sandboxes of one test have different ones."""
    return cycle([new_private_key() for _ in range(4)])


@contextmanager
def running_sandbox(
    folder: Path,
    *,
    clock: Clock | None = None,
    faults: Scenario | None = None,
    functions: ServiceSettings | None = None,
    log: Callable[[str], None] | None = None,
) -> Iterator[Sandbox]:
    """Run a new local BioT with its data in ``folder``, on a free port."""
    options = ServerOptions(
        folder=folder, port=0, clock=clock or SystemClock(), faults=faults, functions=functions, log=log
    )
    with start(options) as running:
        with running.state.database.write() as connection:
            connection.execute("INSERT INTO ums_signing_key (private_key) VALUES (?)", (next(_private_keys()),))
        accounts = create_first_accounts(running.state.database)
        assert accounts is not None
        yield Sandbox(running=running, admin_password=accounts.admin_password, service_user=accounts.service_user)
