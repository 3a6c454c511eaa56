"""A local BioT in a process of its own that can be killed, and what must be so of its data after that."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import signal
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from sandbox.server import DATABASE_FILE, ServerOptions, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from pathlib import Path

# A clean process that has imported everything once and forks the servers: starting one takes milliseconds.
_SERVERS = multiprocessing.get_context("forkserver")
_SERVERS.set_forkserver_preload(["tests.support.sandbox_process"])


def _serve(folder: Path, address_pipe: Connection) -> None:
    with start(ServerOptions(folder=folder, port=0)) as running:
        address_pipe.send(running.base_url)
        running.wait()


@contextmanager
def sandbox_process(folder: Path) -> Iterator[tuple[str, BaseProcess]]:
    """Address and process; at the end it is killed, whatever it does, as ``kill -9`` does."""
    here, there = _SERVERS.Pipe()
    process = _SERVERS.Process(target=_serve, args=(folder, there), daemon=True)
    process.start()
    there.close()
    try:
        yield here.recv(), process
    finally:
        process.kill()
        process.join()
        here.close()
    assert process.exitcode == -signal.SIGKILL


def versions(folder: Path) -> dict[str, int]:
    """The plugins that a local BioT, which does not run, has: version by name."""
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection:
        return dict(connection.execute("SELECT name, version FROM plugins"))


def contradictions(folder: Path) -> list[str]:
    """What does not fit together in the data of a local BioT that does not run: no plugin is there in part."""
    file = folder / DATABASE_FILE
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        plugins = connection.execute("SELECT * FROM plugins").fetchall()
        users = {row["id"] for row in connection.execute("SELECT id FROM ums_service_user WHERE name LIKE 'Plugin-%'")}
        endpoints = {row["endpoint"] for row in connection.execute("SELECT endpoint FROM dispatcher_interception")}
        (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    found = [] if integrity == "ok" else [integrity]
    if users != {row["service_user_id"] for row in plugins}:
        found.append("service users and plugins differ")
    subscribed = {row["endpoint_url"] for row in plugins if json.loads(row["config"])["subscriptions"]["interceptions"]}
    if endpoints != subscribed:
        found.append(f"subscriptions {endpoints} are not those of the plugins {subscribed}")
    for row in plugins:
        code = file.with_name(f"{file.name}.code") / f"{row['code_sha256']}.zip"
        if not code.is_file() or hashlib.sha256(code.read_bytes()).hexdigest() != row["code_sha256"]:
            found.append(f"the code of {row['name']} is not there whole")
    return found
