"""The local BioT under load, under kills and against the clock."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.sandbox import BAR, PLUGINS, measure
from tests.support.sandbox.kill_runs import kill_often
from tests.support.sandbox.load_runs import load
from tests.support.sandbox.running_sandbox import running_sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proof.figures import Figures

REQUESTS, CLIENTS, KILLS = 10_000, 4, 60


def test_ten_thousand_requests_from_four_clients(tmp_path: Path, figures: Figures) -> None:
    begin = time.monotonic()
    with running_sandbox(tmp_path) as sandbox:
        sent = load(sandbox, REQUESTS, CLIENTS)
    what = f"requests to the local BioT from {CLIENTS} clients at once; nothing lost, no lock left"
    figures.add(what, f"{REQUESTS:,}", f"{sent:,} in {time.monotonic() - begin:.0f} s", met=sent >= REQUESTS)

    assert sent >= REQUESTS


def test_killed_at_many_moments(tmp_path: Path, figures: Figures) -> None:
    killed = kill_often(tmp_path, KILLS)
    unanswered = sum(not one.answered for one in killed)
    wrong = [one for one in killed if not one.is_right]
    figure = f"{len(wrong)} of {len(killed)} ({unanswered} of them killed before the answer)"
    figures.add("kill -9 of the local BioT that left neither the old nor the new state", "0", figure, met=not wrong)

    assert wrong == []


def test_lists_per_second(figures: Figures) -> None:
    rates = measure()
    what = f"lists of 100 plugins, {PLUGINS:,} stored, for each answer of a server that only sends the same bytes"
    figure = f"{rates.ratio:.2f} ({rates.sandbox:,.0f} and {rates.plain:,.0f} per second)"
    figures.add(what, f"≥ {BAR}", figure, met=rates.ratio >= BAR)

    assert rates.ratio >= BAR
