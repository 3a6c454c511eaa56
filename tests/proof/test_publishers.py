"""Two to eight publishers of one plugin at once, in five hundred interleavings."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.proof.figures import Figures
    from tests.proof.running import Runs

INTERLEAVINGS = 500


def test_no_update_is_lost_silently(runs: Runs, figures: Figures) -> None:
    races = runs.race(range(INTERLEAVINGS))
    wrong = [race for race in races if race.wrong or race.shrunk]
    verdicts: Counter[str] = sum((race.verdicts for race in races), Counter())
    told = ", ".join(f"{number:,} {verdict}" for verdict, number in verdicts.most_common())
    figure = f"{len(races)} ({sum(race.publishers for race in races):,} publishers: {told})"
    figures.add("interleavings of 2 to 8 publishers", f"{INTERLEAVINGS}", figure, met=len(races) >= INTERLEAVINGS)
    figures.add(
        "updates lost silently, losers without a named conflict, versions that shrank",
        "0",
        str(len(wrong)),
        met=not wrong,
    )

    assert wrong == []
    assert verdicts["conflict"] > 0
