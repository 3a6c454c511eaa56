"""Several clients at once: nothing is lost, the order is kept, and nothing waits forever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.sandbox.hook_load import run_load

if TYPE_CHECKING:
    from tests.support.sandbox.running_sandbox import Sandbox


def test_calls_of_eight_clients_pass_through_all_hooks_in_order(sandbox: Sandbox) -> None:
    """tests/proof does the same with 10,000 calls."""
    result = run_load(sandbox, clients=8, calls=10)
    every = {client: list(range(10)) for client in range(8)}

    assert result.problems == []
    assert result.answered == every
    assert result.notified == [every, every]
