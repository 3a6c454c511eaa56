"""Every request of a push meets every fault, and pushes are killed and started again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.servers.push_process import kill_and_push_again
from tests.support.servers.pushed_images import small_image
from tests.support.servers.registry_faults import redirecting_to
from tests.support.servers.registry_runs import MODES, FaultCounts, PushWorld, lasting_faults, single_faults

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proof.figures import Figures

RUNS, KINDS, RECOVERED = 1500, 30, 0.99
KILLS = 50
SHOWN = 5


def test_every_request_of_a_push_with_every_fault(figures: Figures, tmp_path: Path) -> None:
    counts = count_faults(tmp_path, lasting=False)
    share = 1 - len(counts.stuck) / len(counts.recoverable)
    tell(figures, "push of an image, every fault at every request", counts)
    recovered = f"{share:.2%} of {len(counts.recoverable):,}"
    figures.add("… recoverable faults recovered", "≥ 99 %", recovered, met=share >= RECOVERED)

    judge(counts)
    assert len(counts.runs) >= RUNS
    assert len(counts.kinds) >= KINDS
    assert share >= RECOVERED, counts.stuck[:SHOWN]


def test_faults_that_last(figures: Figures, tmp_path: Path) -> None:
    counts = count_faults(tmp_path, lasting=True)
    tell(figures, "push of an image, every fault at all requests of a kind", counts)

    judge(counts)


def test_killed_pushes(figures: Figures, tmp_path: Path) -> None:
    """The next push has the same digest, and sends only what is missing."""
    image = small_image(tmp_path, own=(150_000, 70_000, 4000, 600))
    points = [(number, phase) for number in range(1, KILLS // 2 + 2) for phase in ("before", "middle", "after")]
    ended = [kill_and_push_again(image, tmp_path, number, phase) for number, phase in points]
    killed = [one for one, (number, _) in zip(ended, points, strict=True) if one.requests >= number]
    wrong = [one for one in killed if not one.whole or one.digest != image.digest or one.sent_again]
    figures.add(
        "killed pushes, and again: other digest, half a tag, or a blob sent again",
        "0",
        f"{len(wrong)} of {len(killed)}",
        met=not wrong,
    )

    assert len(killed) >= KILLS
    assert wrong == []


def count_faults(folder: Path, *, lasting: bool) -> FaultCounts:
    world, counts = PushWorld(folder), FaultCounts()
    for mode in MODES:
        choose = lasting_faults if lasting else single_faults
        counts.runs += [world.play(mode, place, name, lasting=lasting) for place, name in choose(world, mode)]
    return counts


def tell(figures: Figures, what: str, counts: FaultCounts) -> None:
    claims = ", ".join(f"{number:,} {verdict}" for verdict, number in counts.verdicts.most_common())
    kinds = f"{len(counts.kinds)} of {len(redirecting_to(''))} kinds"
    figures.add(f"**{what}**: runs", f"≥ {RUNS:,}", f"{len(counts.runs):,} with {kinds} ({claims})", met=True)
    figures.add("… wrong verdicts", "0", str(len(counts.wrong)), met=not counts.wrong)
    figures.add(
        "… blobs sent although the registry had them", "0", str(len(counts.sent_again)), met=not counts.sent_again
    )
    figures.add("… uploads or credentials to another server", "0", str(len(counts.visits)), met=not counts.visits)


def judge(counts: FaultCounts) -> None:
    """What must never happen."""
    assert not counts.wrong, counts.wrong[:SHOWN]
    assert not counts.sent_again, counts.sent_again[:SHOWN]
    assert not counts.visits, counts.visits[:SHOWN]
