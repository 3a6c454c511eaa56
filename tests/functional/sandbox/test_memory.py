"""The memory that a local BioT uses after many simultaneous log-ins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sandbox import ADMIN
from sandbox.database import Database
from sandbox.server import DATABASE_FILE
from sandbox.ums.first_accounts import create_first_accounts
from tests.support.sandbox.sandbox_process import sandbox_process
from tests.support.sandbox.settings_client import http_client

CLIENTS = 40
"""The number of threads that serve requests, so that each of them serves a log-in."""
GROWTH_MAX = 150
"""MB. Forty threads that each kept the memory of one slow password hash grew by 490 MB."""


def resident_megabytes(process: int) -> float:
    """The memory that a process holds in RAM."""
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    (kilobytes,) = (int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return kilobytes / 1024


def test_many_simultaneous_log_ins_leave_little_memory_in_use(tmp_path: Path) -> None:
    with (
        sandbox_process(tmp_path) as (base_url, process),
        http_client(base_url) as http,
        ThreadPoolExecutor(CLIENTS) as clients,
    ):
        database = Database(tmp_path / DATABASE_FILE)
        accounts = create_first_accounts(database)
        database.close()
        assert accounts is not None
        assert process.pid is not None
        person = {"username": ADMIN, "password": accounts.admin_password}
        service = {"id": accounts.service_user.id, "secretKey": accounts.service_user.secret_key}
        before = resident_megabytes(process.pid)
        for path, body, count in (("users/login", person, 48), ("services/accessToken", service, 80)):
            sent = [clients.submit(http.post, f"/ums/v2/{path}", json=body) for _ in range(count)]
            assert {one.result().status_code for one in sent} == {200}
        after = resident_megabytes(process.pid)

    assert after - before < GROWTH_MAX
