"""Two to eight publishers of one plugin at once, in virtual time, with a server that is slowed at random."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from builder.network.verdict import Verdict
from tests.proof.habits import PLANS_ANEW
from tests.proof.running import Runs
from tests.support.machine.busy_cores import CORES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.proof.figures import Figures
    from tests.proof.running import Raced

INTERLEAVINGS = 5_000
OTHER_CLIENT_INTERLEAVINGS = 100
FIRST_REPORTED = 223
"""The seed of the first report of a lost update. It was none: the old harness had the client's limit in real time."""


def test_no_update_is_lost_silently(runs: Runs, figures: Figures) -> None:
    races = runs.race(range(INTERLEAVINGS))
    tell(figures, races)

    assert wrong(races) == []
    assert verdicts_of(races)[Verdict.CONFLICT.value] > 0


def test_a_client_that_plans_again_after_a_refusal_loses_updates(figures: Figures) -> None:
    """The proof can fail: this client reads again when BioT refuses its version, and sends once more."""
    pool = Runs(CORES, habit=PLANS_ANEW)
    races = pool.race(range(OTHER_CLIENT_INTERLEAVINGS))
    pool.close()
    lost = sum(bool(race.lost) for race in races)
    figure = f"updates lost silently in {lost} of {len(races)} interleavings"
    figures.add(f"for comparison, a client that {PLANS_ANEW}", "> 0", figure, met=lost > 0)

    assert lost > 0


def tell(figures: Figures, races: Sequence[Raced]) -> None:
    """One line for each of the promises."""
    verdicts, late = verdicts_of(races), sum((race.late for race in races), Counter[str]())
    endings = ", ".join(f"{number:,} {verdict}" for verdict, number in verdicts.most_common())
    calm, count = sum(race.calm for race in races), len(races)
    figures.add(
        "**interleavings of 2 to 8 publishers in virtual time**",
        f"{INTERLEAVINGS:,}",
        f"{count:,}, {count - calm:,} of them with a slowed server ({verdicts.total():,} publishers: {endings})",
        met=count >= INTERLEAVINGS,
    )
    figure = f"{late['applied']:,} applied, {late['refused']:,} refused by BioT's rules"
    figures.add("… requests carried out after their client had given up", "> 0", figure, met=late["applied"] > 0)
    lost = [one for race in races for one in race.lost]
    figures.add("… updates lost silently although a version lies between", "0", str(len(lost)), met=not lost)
    false = [one for race in races for one in race.false]
    what = "… endings that are not so, losers without a named conflict, versions that shrank"
    figures.add(what, "0", str(len(false)), met=not false)
    unguarded = sum(bool(race.unguarded) for race in races)
    figures.add("… settings overwritten within one version, which BioT cannot prevent", "", f"{unguarded}", met=True)


def verdicts_of(races: Sequence[Raced]) -> Counter[str]:
    return sum((race.verdicts for race in races), Counter())


def wrong(races: Sequence[Raced]) -> list[tuple[int, tuple[str, ...]]]:
    """The seed of each interleaving in which something is not so, and what."""
    return [(race.seed, race.lost + race.false) for race in races if race.lost or race.false]
