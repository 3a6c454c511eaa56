"""Twenty seeds of schemathesis: what the local BioT answers is what its OpenAPI document says."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.support.sandbox import running_sandbox
from tests.support.schemathesis_runs import try_all

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proof.figures import Figures

SEEDS, EXAMPLES = 20, 15


def test_twenty_seeds(tmp_path: Path, figures: Figures) -> None:
    statuses, failures = Counter[int](), list[str]()
    for seed in range(1, SEEDS + 1):
        with running_sandbox(tmp_path / str(seed)) as sandbox:
            tried = try_all(sandbox, seed, EXAMPLES)
        failures += tried.failures
        for (_, status), count in tried.requests.items():
            statuses[status] += count
    counts = ", ".join(f"{count:,} of {status}" for status, count in sorted(statuses.items()))
    told = f"{len(failures)} in {SEEDS} seeds, {statuses.total():,} requests ({counts})"
    figures.add("schemathesis failures against the local BioT's OpenAPI document", "0", told, met=not failures)

    assert failures == []
