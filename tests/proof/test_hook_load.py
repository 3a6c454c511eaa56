"""10,000 API calls with three interceptors and two notifications from eight clients."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.support.sandbox.hook_load import run_load
from tests.support.sandbox.running_sandbox import running_sandbox

if TYPE_CHECKING:
    from pathlib import Path

CLIENTS, CALLS = 8, 1250


def test_nothing_is_lost_the_order_is_kept_and_there_is_no_deadlock(tmp_path: Path) -> None:
    begin = time.monotonic()
    with running_sandbox(tmp_path) as sandbox:
        result = run_load(sandbox, clients=CLIENTS, calls=CALLS)
        query = "/sandbox/v1/activity?limit=1"
        newest = sandbox.call("GET", query, token=sandbox.token()).body["chains"][0]
    every = {client: list(range(CALLS)) for client in range(CLIENTS)}
    print(f"{CLIENTS * CALLS} calls with five hooks each: {time.monotonic() - begin:.0f} s")

    assert result.problems == []
    assert result.answered == every
    assert result.notified == [every, every]
    assert newest["number"] >= CLIENTS * CALLS, "each call is in the activity"
