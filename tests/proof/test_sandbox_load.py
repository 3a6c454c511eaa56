"""Ten thousand requests from four clients at once: nothing is lost and no lock is left behind."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.support.sandbox import running_sandbox
from tests.support.sandbox_kills import kill_often
from tests.support.sandbox_load import load

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

REQUESTS, CLIENTS, KILLS = 10_000, 4, 60


def test_ten_thousand_requests_from_four_clients(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begin = time.monotonic()
    with running_sandbox(tmp_path) as sandbox:
        sent = load(sandbox, REQUESTS, CLIENTS)
    with capsys.disabled():
        print(f"\nlocal BioT: {sent} requests from {CLIENTS} clients in {time.monotonic() - begin:.0f} s, nothing lost")

    assert sent >= REQUESTS


def test_killed_at_many_moments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    killed = kill_often(tmp_path, KILLS)
    with capsys.disabled():
        unanswered = sum(not one.answered for one in killed)
        print(
            f"\nlocal BioT: killed {len(killed)} times, {unanswered} before the answer; always the old or the new state"
        )

    assert [one for one in killed if not one.is_right] == []
