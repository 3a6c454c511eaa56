"""Many requests from several simultaneous clients, each of which knows the expected state at the end."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.sandbox.settings_client import CODE, MINIMAL, PATIENTS, PLUGINS, settings_of, zipped

if TYPE_CHECKING:
    import httpx

    from tests.support.sandbox.running_sandbox import Sandbox
    from tests.support.sandbox.settings_client import Settings

_CODES = [CODE, zipped({"index.py": "# 1"}), zipped({"index.py": "# 2"})]
# All ask for the same order, so that orders are moved all the time.
_SUBSCRIPTIONS = {"interceptionOrder": 10, "interceptions": [{"type": "PRE_REQUEST", "apiId": PATIENTS}]}


@dataclass
class Client:
    """A client and the state that its responses promised: version and timeout by name.

    Attributes:
        number: Part of every name, so that no two clients use the same plugin.
        settings: Sends the requests.
        expected: The expected state at the end.
        sent: The number of requests so far.
    """

    number: int
    settings: Settings
    expected: dict[str, tuple[int, int]] = field(default_factory=dict)
    sent: int = 0

    def run(self, requests: int) -> None:
        """Send requests: for each plugin create, read, change, change code and search; delete every third."""
        while self.sent < requests:
            name = f"c{self.number}-{self.sent}"
            config = {**MINIMAL, "name": name, "subscriptions": _SUBSCRIPTIONS}
            self._expect(name, self.settings.create(config, _CODES[0]), 201)
            self._expect(name, self.settings.patch({"timeout": 5}, name=name), 200)
            for version in (2, 3):
                self._expect(name, self.settings.patch({"version": version}, _CODES[version - 1], name), 200)
            for response in (self.settings.get(name), self.settings.search({"limit": 1})):
                assert response.status_code == 200, response.text
            self.sent += 6
            if (self.number + self.sent) % 3 == 0:
                assert self.settings.http.delete(f"{PLUGINS}/{name}").status_code == 204
                self.sent += 1
                del self.expected[name]

    def _expect(self, name: str, response: httpx.Response, status: int) -> None:
        assert response.status_code == status, response.text
        body = response.json()
        self.expected[name] = (body["version"], body["timeout"])


def load(sandbox: Sandbox, requests: int, clients: int) -> int:
    """Send at least this number of requests from several clients, and return how many were sent.

    Raises:
        AssertionError: A response is wrong, a change was lost, or a lock was left behind.
    """
    all_clients = [Client(number, settings_of(sandbox)) for number in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        for done in [pool.submit(client.run, requests // clients + 1) for client in all_clients]:
            done.result()
    expected = {name: state for client in all_clients for name, state in client.expected.items()}
    assert _plugins(all_clients[0].settings) == expected
    for client in all_clients:
        client.settings.http.close()
    _assert_consistent(sandbox, len(expected))
    return sum(client.sent for client in all_clients)


def _plugins(settings: Settings) -> dict[str, tuple[int, int]]:
    plugins: dict[str, tuple[int, int]] = {}
    page = 0
    while data := settings.search({"page": page, "sort": [{"prop": "name"}]}).json()["data"]:
        plugins |= {plugin["name"]: (plugin["version"], plugin["timeout"]) for plugin in data}
        page += 1
    return plugins


def _assert_consistent(sandbox: Sandbox, plugins: int) -> None:
    """Check that no lock is left, and that every plugin has a service user and an order of its own."""
    with closing(sqlite3.connect(sandbox.running.state.database.file, timeout=0, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # with timeout 0, this succeeds only if nothing holds the lock
        orders = [row[0] for row in other.execute("SELECT execution_order FROM dispatcher_interception")]
        (users,) = other.execute("SELECT count(*) FROM ums_service_user WHERE name LIKE 'Plugin-%'").fetchone()
        (integrity,) = other.execute("PRAGMA integrity_check").fetchone()
        other.execute("ROLLBACK")
    assert sorted(orders) == list(range(10, 10 + plugins))
    assert (users, integrity) == (plugins, "ok")
