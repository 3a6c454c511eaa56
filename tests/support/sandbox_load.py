"""Many requests from several clients at once, each of which knows what must be there at the end."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.settings import CODE, MINIMAL, PATIENTS, PLUGINS, settings_of, zipped

if TYPE_CHECKING:
    import httpx

    from tests.support.sandbox import Sandbox
    from tests.support.settings import Settings

_CODES = [CODE, zipped({"index.py": "# 1"}), zipped({"index.py": "# 2"})]
# Everybody wants the same place: orders are shifted all the time.
_SUBSCRIPTIONS = {"interceptionOrder": 10, "interceptions": [{"type": "PRE_REQUEST", "apiId": PATIENTS}]}


@dataclass
class Client:
    """One client, and the answers it got: version and timeout by name.

    Attributes:
        number: Part of every name, so that no two clients meet in one plugin.
        settings: Sends.
        expected: What must be there at the end.
        sent: Requests so far.
    """

    number: int
    settings: Settings
    expected: dict[str, tuple[int, int]] = field(default_factory=dict)
    sent: int = 0

    def run(self, requests: int) -> None:
        """Send so many requests: for each plugin create, read, change, change code, search; delete every third."""
        while self.sent < requests:
            name = f"c{self.number}-{self.sent}"
            config = {**MINIMAL, "name": name, "subscriptions": _SUBSCRIPTIONS}
            self._told(name, self.settings.create(config, _CODES[0]), 201)
            self._told(name, self.settings.patch({"timeout": 5}, name=name), 200)
            for version in (2, 3):
                self._told(name, self.settings.patch({"version": version}, _CODES[version - 1], name), 200)
            for response in (self.settings.get(name), self.settings.search({"limit": 1})):
                assert response.status_code == 200, response.text
            self.sent += 6
            if (self.number + self.sent) % 3 == 0:
                assert self.settings.http.delete(f"{PLUGINS}/{name}").status_code == 204
                self.sent += 1
                del self.expected[name]

    def _told(self, name: str, response: httpx.Response, status: int) -> None:
        assert response.status_code == status, response.text
        body = response.json()
        self.expected[name] = (body["version"], body["timeout"])


def load(sandbox: Sandbox, requests: int, clients: int) -> int:
    """Send at least so many requests from so many clients; returns how many were sent.

    Raises:
        AssertionError: An answer is wrong, a change was lost, or a lock was left behind.
    """
    crowd = [Client(number, settings_of(sandbox)) for number in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        for done in [pool.submit(client.run, requests // clients + 1) for client in crowd]:
            done.result()
    expected = {name: answer for client in crowd for name, answer in client.expected.items()}
    assert _there(crowd[0].settings) == expected
    for client in crowd:
        client.settings.http.close()
    _assert_whole(sandbox, len(expected))
    return sum(client.sent for client in crowd)


def _there(settings: Settings) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    page = 0
    while data := settings.search({"page": page, "sort": [{"prop": "name"}]}).json()["data"]:
        found |= {plugin["name"]: (plugin["version"], plugin["timeout"]) for plugin in data}
        page += 1
    return found


def _assert_whole(sandbox: Sandbox, plugins: int) -> None:
    """No lock is left, and every plugin has one service user and one place in the order."""
    with closing(sqlite3.connect(sandbox.running.state.database.file, timeout=0, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # at once: nobody holds the lock
        orders = [row[0] for row in other.execute("SELECT execution_order FROM dispatcher_interception")]
        (users,) = other.execute("SELECT count(*) FROM ums_service_user WHERE name LIKE 'Plugin-%'").fetchone()
        (integrity,) = other.execute("PRAGMA integrity_check").fetchone()
        other.execute("ROLLBACK")
    assert sorted(orders) == list(range(10, 10 + plugins))
    assert (users, integrity) == (plugins, "ok")
