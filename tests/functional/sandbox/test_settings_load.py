"""Several simultaneous clients lose nothing and leave no lock behind. tests/proof sends ten thousand requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.sandbox.load_runs import load
from tests.support.sandbox.running_sandbox import running_sandbox

if TYPE_CHECKING:
    from pathlib import Path


def test_four_clients_lose_nothing(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as sandbox:
        assert load(sandbox, 200, clients=4) >= 200
