"""Several simultaneous clients lose nothing and leave no lock behind. tests/proof sends ten thousand requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.repetitions import exhaustive_after
from tests.support.sandbox.load_runs import load
from tests.support.sandbox.running_sandbox import running_sandbox

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("count", exhaustive_after(1, [60, 200]))
def test_four_clients_lose_nothing(tmp_path: Path, count: int) -> None:
    with running_sandbox(tmp_path) as sandbox:
        assert load(sandbox, count, clients=4) >= count
