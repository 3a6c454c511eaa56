"""Local servers of other platforms, side by side with ``biot-plugin dev``: start, save, warm call, memory.

Each runs a function of one line in its newest version that runs on Node.js 20 without an account. Everything is
installed into a folder that is deleted afterwards. A peer that cannot be installed or started becomes a row that says
why: these rows are for reading, no bar depends on them.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING

import httpx

from benchmarks.functions.bars import milliseconds
from sandbox.functions.environments.process_tree import descendants, resident_bytes
from tests.support.plugins.running_dev import running_dev, save_by_renaming

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

HEADING = "## Local servers of other platforms"
SAVES, WARM_CALLS = 10, 100
_INSTALL_SECONDS, _START_SECONDS, _SAVE_SECONDS = 600, 120, 30
_POLL_SECONDS = 0.01
_QUIET = {"WRANGLER_SEND_METRICS": "false", "SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"}


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A local server.

    Attributes:
        name: With its version.
        packages: Of npm, with their exact versions.
        files: Path and text of everything but the source; ``PORT``, ``PORT2`` and so on become free ports.
        source: The path of the source.
        code: The source; ``NUMBER`` is what it answers.
        command: The program below ``node_modules/.bin`` and its arguments.
        path: Of the function's URL.
    """

    name: str
    packages: tuple[str, ...]
    files: Mapping[str, str]
    source: str
    code: str
    command: tuple[str, ...]
    path: str = "/"


@dataclass(frozen=True, kw_only=True)
class PeerRow:
    """What was measured, as texts for the page."""

    name: str
    start: str = ""
    save: str = ""
    warm: str = ""
    memory: str = ""

    @property
    def line(self) -> str:
        """The row of the table."""
        return f"| {self.name} | {self.start} | {self.save} | {self.warm} | {self.memory} |"


PEERS = (
    Peer(
        name="`wrangler dev` 4.86",
        packages=("wrangler@4.86.0",),
        files={"wrangler.toml": 'name = "peer"\nmain = "index.js"\ncompatibility_date = "2026-01-01"\n'},
        source="index.js",
        code="export default { fetch: () => new Response('NUMBER') };\n",
        command=("wrangler", "dev", "--ip", "127.0.0.1", "--port", "PORT", "--inspector-port", "PORT2"),
    ),
    Peer(
        name="`serverless offline` 13.9 with `--reloadHandler`",
        packages=("serverless@3.40.0", "serverless-offline@13.9.0"),
        files={
            "serverless.yml": (
                "service: peer\nplugins: [serverless-offline]\nprovider: {name: aws, runtime: nodejs20.x}\n"
                "functions:\n  peer:\n    handler: index.handler\n    events: [{httpApi: 'GET /'}]\n"
            )
        },
        source="index.js",
        code="exports.handler = async () => ({ statusCode: 200, body: 'NUMBER' });\n",
        command=("serverless", "offline", "--httpPort", "PORT", "--lambdaPort", "PORT2", "--reloadHandler"),
    ),
    Peer(
        name="`firebase emulators:start` 15.34",
        packages=("firebase-tools@15.34.2", "firebase-functions@6.6.0", "firebase-admin@13.5.0"),
        files={
            "firebase.json": (
                '{"functions": {"source": "functions"}, "emulators": {"ui": {"enabled": false}, '
                '"functions": {"host": "127.0.0.1", "port": PORT}, "hub": {"host": "127.0.0.1", "port": PORT2}, '
                '"logging": {"host": "127.0.0.1", "port": PORT3}, "tasks": {"host": "127.0.0.1", "port": PORT4}, '
                '"eventarc": {"host": "127.0.0.1", "port": PORT5}}}'
            ),
            "functions/package.json": json.dumps(
                {
                    "main": "index.js",
                    "engines": {"node": "20"},
                    "dependencies": {"firebase-functions": "6.6.0", "firebase-admin": "13.5.0"},
                }
            ),
        },
        source="functions/index.js",
        code=(
            'const { onRequest } = require("firebase-functions/v2/https");\n'
            "exports.peer = onRequest((request, response) => { response.send('NUMBER'); });\n"
        ),
        command=("firebase", "emulators:start", "--only", "functions", "--project", "demo-peer"),
        path="/demo-peer/us-central1/peer",
    ),
)


def peer_rows(scratch: Path, variables: Mapping[str, str]) -> list[PeerRow]:
    """Measure ``biot-plugin dev`` and every peer, one after the other."""
    own = _measured("`biot-plugin dev`, Node.js", partial(_kit_row, scratch / "peer-kit", variables))
    others = [_measured(peer.name, partial(_peer_row, peer, scratch / f"peer-{peer.command[0]}")) for peer in PEERS]
    return [own, *others]


def section(rows: list[PeerRow]) -> str:
    """The section of the page."""
    text = (
        f"{HEADING}\n\nA function of one line, called over HTTP on this machine, {SAVES} saves and {WARM_CALLS} calls."
        "\nOnly `biot-plugin dev` packages the function and runs it with Lambda's limits.\n\n"
    )
    heading = "| | start to first answer | save to new answer | warm call | memory (processes) |\n|---|---|---|---|---|"
    return text + "\n".join([heading, *(row.line for row in rows)]) + "\n"


class PeerError(Exception):
    """Why a peer could not be measured."""


def _measured(name: str, measure: Callable[[], PeerRow]) -> PeerRow:
    try:
        row = measure()
    except PeerError as error:
        row = PeerRow(name=name, start=f"not measured: {error}")
    print(row.line, flush=True)
    return row


def _kit_row(folder: Path, variables: Mapping[str, str]) -> PeerRow:
    node = (
        subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout[1:].partition(".")[0]
    )
    source = folder / "src" / "index.mjs"
    source.parent.mkdir(parents=True)
    code = "export const handler = async () => 'NUMBER';\n"
    source.write_text(code.replace("NUMBER", "n0"), "utf-8")
    manifest = f'[plugin]\nname = "peer"\ndisplayName = "Peer"\nversion = 1\nruntime = "nodejs{node}.x"\n'
    (folder / "plugin.toml").write_text(manifest, "utf-8")
    begin = time.perf_counter()
    with running_dev(folder, {**variables, "BIOT_PLUGIN_STATE": str(folder.with_name("peer-kit-state"))}) as dev:
        address = dev.wait_for(r"Local BioT on (http://127\.0\.0\.1:\d+)")[1]
        url = f"{address}/run/Plugin-peer/"
        # Nobody looks at the terminal any more, and one that is full would stop the program.
        Thread(target=_read_all, args=(dev.terminal,), daemon=True).start()
        with httpx.Client(trust_env=False, timeout=10) as client:
            return _row("`biot-plugin dev`, Node.js", client, url, dev.process.pid, (source, code, begin))


def _read_all(descriptor: int) -> None:
    with suppress(OSError):
        while os.read(descriptor, 65536):
            pass


def _peer_row(peer: Peer, folder: Path) -> PeerRow:
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}', "utf-8")
    _install(peer, folder)
    ports = dict(zip(("PORT5", "PORT4", "PORT3", "PORT2", "PORT"), _free_ports(5), strict=True))
    for path, text in peer.files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_with_ports(text, ports), "utf-8")
    source = folder / peer.source
    source.write_text(peer.code.replace("NUMBER", "n0"), "utf-8")
    program, *arguments = peer.command
    argv = [str(folder / "node_modules" / ".bin" / program), *(_with_ports(one, ports) for one in arguments)]
    begin = time.perf_counter()
    with _running(argv, folder) as pid, httpx.Client(trust_env=False, timeout=10) as client:
        url = f"http://127.0.0.1:{ports['PORT']}{peer.path}"
        return _row(peer.name, client, url, pid, (source, peer.code, begin))


def _row(name: str, client: httpx.Client, url: str, pid: int, what: tuple[Path, str, float]) -> PeerRow:
    """Measure a server that is starting: ``what`` is its source, the text of it, and when it was started."""
    source, code, begin = what
    if not _answers(client, url, "n0", _START_SECONDS):
        message = f"no answer within {_START_SECONDS} s"
        raise PeerError(message)
    start = time.perf_counter() - begin
    calls = []
    for _ in range(WARM_CALLS):
        call = time.perf_counter()
        client.get(url)
        calls.append(time.perf_counter() - call)
    saves = []
    for number in range(1, SAVES + 1):
        save = time.perf_counter()
        save_by_renaming(source, code.replace("NUMBER", f"n{number}"))
        if not _answers(client, url, f"n{number}", _SAVE_SECONDS):
            break
        saves.append(time.perf_counter() - save)
    processes = (pid, *descendants(pid))
    resident = sum(map(resident_bytes, processes))
    return PeerRow(
        name=name,
        start=f"{start:.2f} s",
        save=f"median {milliseconds(statistics.median(saves))}" if len(saves) == SAVES else _missed(len(saves)),
        warm=f"median {milliseconds(statistics.median(calls))}",
        memory=f"{resident / 1e6:.0f} MB ({len(processes)})",
    )


def _missed(saves: int) -> str:
    return f"save {saves + 1} did not show within {_SAVE_SECONDS} s"


def _answers(client: httpx.Client, url: str, text: str, seconds: float) -> bool:
    """Call until the answer has a text; return whether it came in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            if client.get(url).text.strip('"') == text:
                return True
        time.sleep(_POLL_SECONDS)
    return False


def _install(peer: Peer, folder: Path) -> None:
    npm = ["npm", "install", "--no-audit", "--no-fund", "--silent", *peer.packages]
    try:
        done = subprocess.run(npm, cwd=folder, capture_output=True, text=True, check=False, timeout=_INSTALL_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"npm did not install {', '.join(peer.packages)} ({type(error).__name__})"
        raise PeerError(message) from error
    if done.returncode:
        message = f"npm could not install {', '.join(peer.packages)} (exit code {done.returncode})"
        raise PeerError(message)


@contextmanager
def _running(argv: list[str], folder: Path) -> Iterator[int]:
    """Run a server in a session of its own; all its processes are killed at the end."""
    environ = {**os.environ, **_QUIET, "CI": "1", "HOME": str(folder)}
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process.pid
    finally:
        for pid in (*descendants(process.pid), process.pid):
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def _with_ports(text: str, ports: Mapping[str, str]) -> str:
    for name, port in ports.items():  # PORT itself is the last one
        text = text.replace(name, port)
    return text


def _free_ports(count: int) -> list[str]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [str(probe.getsockname()[1]) for probe in probes]
