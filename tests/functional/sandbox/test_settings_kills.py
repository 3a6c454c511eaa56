"""``kill -9`` at any moment of a request leaves the old state or the new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.repetitions import exhaustive_after
from tests.support.sandbox.kill_runs import kill_often

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("count", exhaustive_after(1, [6, 12]))
def test_a_kill_leaves_the_old_or_the_new_plugin(tmp_path: Path, count: int) -> None:
    """tests/proof kills it sixty times."""
    killed = kill_often(tmp_path, count)

    assert len(killed) == count
    assert [killed_run for killed_run in killed if not killed_run.is_right] == []
    assert any(not killed_run.answered for killed_run in killed), "some were killed in the middle"
