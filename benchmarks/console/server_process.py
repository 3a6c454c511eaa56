"""A local BioT in a process of its own, as people run it: the browser's driver does not slow it down."""

from __future__ import annotations

import multiprocessing
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.cli.local_biot import collect_garbage_regularly
from sandbox.server import ServerOptions, start
from sandbox.ums.first_accounts import create_first_accounts
from tests.support.sandbox.running_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path

PROCESSES = multiprocessing.get_context("spawn")


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerProcess:
    """A local BioT that runs elsewhere.

    Attributes:
        pid: Its process.
        base_url: Its address.
        console_url: The address that opens its console, with the key.
        token: Of its administrator.
    """

    pid: int
    base_url: str
    console_url: str
    token: str


@contextmanager
def server_process(folder: Path) -> Iterator[ServerProcess]:
    """Run a local BioT with the data in a folder until the end of the block."""
    receiver, sender = PROCESSES.Pipe()
    process = PROCESSES.Process(target=_serve, args=(folder, sender), daemon=True)
    process.start()
    try:
        yield receiver.recv()
    finally:
        process.terminate()
        process.join()


def _serve(folder: Path, parent: Connection) -> None:
    collect_garbage_regularly()  # as `biot-plugin sandbox` does
    with start(ServerOptions(folder=folder, port=0)) as running:
        accounts = create_first_accounts(running.state.database)
        assert accounts is not None
        sandbox = Sandbox(running=running, admin_password=accounts.admin_password, service_user=accounts.service_user)
        pid = multiprocessing.current_process().pid
        assert pid is not None
        parent.send(
            ServerProcess(
                pid=pid, base_url=running.base_url, console_url=running.console_url, token=sandbox.admin_token()
            )
        )
        running.wait()
