"""How many lists of plugins per second the local BioT answers, with 1,000 plugins stored.

Runs alone: ``python -m benchmarks.sandbox``. Server and client are two processes on one machine and one loopback socket
per client; every request carries a token, asks for the default page of 100, and its answer is read whole.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

PLUGINS = 1_000
CLIENTS = 4
SECONDS = 5.0
BAR = 500
"""Requests per second that the local BioT must answer at least."""
PATH = "/settings/v2/plugins"


def serve(folder: Path) -> None:
    """The server's process: fill the database, tell address and token, answer until standard input ends."""
    from sandbox.settings.merging import creation
    from sandbox.settings.plugins import Plugins
    from tests.support.sandbox import running_sandbox

    with running_sandbox(folder) as sandbox:
        with sandbox.running.state.database.write() as connection:
            plugins = Plugins(sandbox.running.state, connection)
            for number in range(PLUGINS):
                config = {"name": f"plugin-{number}", "displayName": "x", "version": 1, "runtime": "python3.13"}
                plugins.create(creation(config, with_code=False), None)
        print(json.dumps({"url": sandbox.base_url, "token": sandbox.token()}), flush=True)
        sys.stdin.read()


def ask(address: str, token: str, until: float, counts: list[int]) -> None:
    """One client: one connection, one request after the other."""
    count = 0
    with closing(http.client.HTTPConnection(address)) as connection:
        while time.monotonic() < until:
            connection.request("GET", PATH, headers={"authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != http.client.OK or body.count(b'"endpointUrl"') != 100:
                msg = f"A wrong answer: {answer.status} {body[:200]!r}"
                raise RuntimeError(msg)
            count += 1
    counts.append(count)


def measure(clients: int = CLIENTS, seconds: float = SECONDS) -> float:
    """Requests per second."""
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.sandbox", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with server:
            assert server.stdout is not None  # noqa: S101
            told = json.loads(server.stdout.readline())
            address, counts = urlsplit(told["url"]).netloc, list[int]()
            ask(address, told["token"], time.monotonic() + 0.5, [])  # warm
            begin = time.monotonic()
            threads = [
                threading.Thread(target=ask, args=(address, told["token"], begin + seconds, counts))
                for _ in range(clients)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            took = time.monotonic() - begin
            server.communicate()
    return sum(counts) / took


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(Path(sys.argv[1]))
    else:
        rate = measure()
        print(f"{rate:.0f} requests/s of {PATH} with {PLUGINS} plugins stored, {CLIENTS} clients (bar: {BAR})")
        raise SystemExit(rate < BAR)
