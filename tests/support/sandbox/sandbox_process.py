"""A local BioT in a separate process that can be killed, and the checks of its data afterwards."""

from __future__ import annotations

import hashlib
import json
import signal
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from sandbox.server import DATABASE_FILE, ServerOptions, start
from tests.support.machine.forked_processes import FORKED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from pathlib import Path


def _serve(folder: Path, parent: Connection) -> None:
    with start(ServerOptions(folder=folder, port=0)) as running:
        parent.send(running.base_url)
        running.wait()


@contextmanager
def sandbox_process(folder: Path) -> Iterator[tuple[str, BaseProcess]]:
    """Run a local BioT and return its address and process. At the end it is killed, as by ``kill -9``."""
    receiver, sender = FORKED.Pipe()
    process = FORKED.Process(target=_serve, args=(folder, sender), daemon=True)
    process.start()
    sender.close()
    try:
        yield receiver.recv(), process
    finally:
        process.kill()
        process.join()
        receiver.close()
    assert process.exitcode == -signal.SIGKILL


def versions(folder: Path) -> dict[str, int]:
    """Return the version of each plugin in the data of a stopped local BioT."""
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection:
        return dict(connection.execute("SELECT name, version FROM plugins"))


def contradictions(folder: Path) -> list[str]:
    """Return the contradictions in the data of a stopped local BioT, such as an incomplete plugin."""
    file = folder / DATABASE_FILE
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        plugins = connection.execute("SELECT * FROM plugins").fetchall()
        users = {row["id"] for row in connection.execute("SELECT id FROM ums_service_user WHERE name LIKE 'Plugin-%'")}
        endpoints = {row["endpoint"] for row in connection.execute("SELECT endpoint FROM dispatcher_interception")}
        (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    problems = [] if integrity == "ok" else [integrity]
    if users != {row["service_user_id"] for row in plugins}:
        problems.append("service users and plugins differ")
    subscribed = {row["endpoint_url"] for row in plugins if json.loads(row["config"])["subscriptions"]["interceptions"]}
    if endpoints != subscribed:
        problems.append(f"subscriptions {endpoints} are not those of the plugins {subscribed}")
    for row in plugins:
        code = file.with_name(f"{file.name}.code") / f"{row['code_sha256']}.zip"
        if not code.is_file() or hashlib.sha256(code.read_bytes()).hexdigest() != row["code_sha256"]:
            problems.append(f"the code of {row['name']} is not complete")
    return problems
