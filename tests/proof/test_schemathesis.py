"""Twenty seeds of schemathesis: the local BioT answers as its OpenAPI document says, with and without hooks."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

from tests.support.sandbox.schemathesis_runs import try_seed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proof.figures import Figures

SEEDS, EXAMPLES, PROCESSES = 20, 10, 2


def test_twenty_seeds(tmp_path: Path, figures: Figures) -> None:
    statuses, failures = Counter[int](), list[str]()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        under_way = [
            pool.submit(try_seed, tmp_path, seed, EXAMPLES, hooked=seed % 2 == 0) for seed in range(1, SEEDS + 1)
        ]
        for done in under_way:
            tried = done.result()
            failures += tried.failures
            for (_, status), count in tried.requests.items():
                statuses[status] += count
    counts = ", ".join(f"{count:,} of {status}" for status, count in sorted(statuses.items()))
    figure = f"{len(failures)} in {SEEDS} seeds, {statuses.total():,} requests ({counts})"
    what = "schemathesis failures against the local BioT's OpenAPI document, every second seed through interceptors"
    figures.add(what, "0", figure, met=not failures)

    assert failures == []
