"""Measures how many lists of plugins the local BioT answers, with 1,000 stored, compared with a server without work.

The other server answers the same bytes from memory, with the same HTTP stack (uvicorn and
Starlette) and the same clients, in turn with the local BioT. So the ratio does not depend on the
machine.

Runs alone: ``python -m benchmarks.sandbox``. Servers and clients are processes on one machine with
one loopback socket per client; every request carries a token, asks for the default page of 100, and
its answer is read whole.
"""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.requests import Request

PLUGINS = 1_000
CLIENTS = 4
ROUNDS = 5
SECONDS = 1.0
BAR = 0.15
"""The smallest allowed number of answers of the local BioT for each answer of the other server."""
PATH = "/settings/v2/plugins"


def serve(folder: Path) -> None:
    """The server's process: fill the database, print address and token, and answer until standard input ends."""
    from sandbox.settings.configuration import configure_new_plugin
    from sandbox.settings.plugin_table import PluginTable, prepare_plugin
    from tests.support.sandbox.running_sandbox import running_sandbox

    with running_sandbox(folder) as sandbox:
        with sandbox.running.state.database.write() as connection:
            plugins = PluginTable(sandbox.running.state, connection)
            for number in range(PLUGINS):
                config = {"name": f"plugin-{number}", "displayName": "x", "version": 1, "runtime": "python3.13"}
                desired = configure_new_plugin(config, with_code=False)
                today = sandbox.running.state.clock.now().date()
                plugins.create(prepare_plugin(desired, today=today, creating=True), None)
        token = sandbox.token()
        answer = sandbox.call("GET", PATH, token=token).body
        print(json.dumps({"url": sandbox.base_url, "token": token, "answer": answer}), flush=True)
        sys.stdin.read()


def serve_fixed_answer(answer: str) -> None:
    """The other server's process: print the address and answer the same bytes until standard input ends."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    content = answer.encode()

    def answered(_: Request) -> Response:
        return Response(content, media_type="application/json")

    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    app = Starlette(routes=[Route(PATH, answered)])
    config = uvicorn.Config(
        app, access_log=False, http="h11", lifespan="off", log_config=None, loop="asyncio", ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    print(json.dumps({"url": f"http://127.0.0.1:{listener.getsockname()[1]}", "token": "none"}), flush=True)
    sys.stdin.read()


@dataclass(frozen=True, kw_only=True)
class RequestRates:
    """Answers per second: the median of all rounds."""

    sandbox: float
    plain: float

    @property
    def ratio(self) -> float:
        """Of the local BioT to the other server."""
        return self.sandbox / self.plain


def send_requests(address: str, token: str, until: float, counts: list[int]) -> None:
    """One client: send one request after the other over one connection."""
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


def measure(clients: int = CLIENTS, rounds: int = ROUNDS, seconds: float = SECONDS) -> RequestRates:
    """Both servers in turns."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _server("sandbox", folder) as sandbox,
        _server("plain", json.dumps(sandbox["answer"], separators=(",", ":"))) as plain,
    ):
        servers = {"sandbox": sandbox, "plain": plain}
        rates: dict[str, list[float]] = {name: [] for name in servers}
        for one in servers.values():
            _rate(one, clients, seconds / 2)  # warm
        for _ in range(rounds):
            for name, one in servers.items():
                rates[name].append(_rate(one, clients, seconds))
    return RequestRates(sandbox=median(rates["sandbox"]), plain=median(rates["plain"]))


@contextmanager
def _server(kind: str, argument: str) -> Iterator[dict[str, Any]]:
    """A server in a separate process, and what it prints when it is ready."""
    command = [sys.executable, "-m", "benchmarks.sandbox", kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(f"{argument}\n")
        server.stdin.flush()
        yield json.loads(server.stdout.readline())
        server.communicate()


def _rate(server: Mapping[str, Any], clients: int, seconds: float) -> float:
    address, counts = urlsplit(server["url"]).netloc, list[int]()
    begin = time.monotonic()
    arguments = (address, server["token"], begin + seconds, counts)
    threads = [threading.Thread(target=send_requests, args=arguments) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - begin)


if __name__ == "__main__":
    if sys.argv[1:] == ["sandbox"]:
        serve(Path(sys.stdin.readline().strip()))
    elif sys.argv[1:] == ["plain"]:
        serve_fixed_answer(sys.stdin.readline().strip())
    else:
        rates = measure()
        print(
            f"{rates.sandbox:.0f} requests/s of {PATH} with {PLUGINS} plugins stored, {CLIENTS} clients: "
            f"{rates.ratio:.2f} of a server without work ({rates.plain:.0f}; bar: {BAR})"
        )
        raise SystemExit(rates.ratio < BAR)
