"""Every fault at every request of a push, and killed pushes: the runs of tests/proof/test_registry_faults.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.images.section import Row, Section
from tests.support.servers.push_process import kill_and_push_again
from tests.support.servers.pushed_images import small_image
from tests.support.servers.registry_runs import MODES, FaultCounts, PushWorld, lasting_faults, single_faults

if TYPE_CHECKING:
    from pathlib import Path

ABOUT = """\
A registry that behaves like `docker-registry` 2.8 fails in one way at one request of a push, over a real socket: once
with Basic log-in and the base in another registry, once with tokens and the base in the same registry. Afterwards the
verdict is compared with what the tag points to. Every fault is also played at all requests of a kind, where only the
verdict counts."""
RUNS, KINDS, RECOVERED, KILLS = 1500, 30, 0.99, 50


def measure(scratch: Path) -> Section:
    """Play everything."""
    once, lasting = count_faults(scratch / "once", lasting=False), count_faults(scratch / "lasting", lasting=True)
    share = 1 - len(once.stuck) / len(once.recoverable)
    every = FaultCounts(runs=once.runs + lasting.runs)
    verdicts = ", ".join(f"{number:,} {verdict}" for verdict, number in every.verdicts.most_common())
    kinds, requests = len(once.kinds), len({(run.mode, run.place) for run in once.runs})
    rows = (
        Row(what="kinds of faults", bar=f"≥ {KINDS}", figure=str(kinds), met=kinds >= KINDS),
        Row(
            what=f"runs at {requests} requests",
            bar=f"≥ {RUNS:,}",
            figure=f"{len(once.runs):,} with one fault, {len(lasting.runs):,} with one that lasts ({verdicts})",
            met=len(once.runs) >= RUNS,
        ),
        none_of("wrong verdicts", len(every.wrong)),
        none_of("blobs sent although the registry had them", len(every.sent_again)),
        none_of("uploads or credentials to another server", len(every.visits)),
        Row(
            what="recoverable faults recovered",
            bar="≥ 99 %",
            figure=f"{share:.2%} of {len(once.recoverable):,}",
            met=share >= RECOVERED,
        ),
        killed_pushes(scratch / "killed"),
    )
    return Section(heading="Faults", about=ABOUT, rows=rows)


def count_faults(folder: Path, *, lasting: bool) -> FaultCounts:
    folder.mkdir()
    world, counts = PushWorld(folder), FaultCounts()
    choose = lasting_faults if lasting else single_faults
    for mode in MODES:
        counts.runs += [world.play(mode, place, name, lasting=lasting) for place, name in choose(world, mode)]
    return counts


def killed_pushes(folder: Path) -> Row:
    """SIGKILL before, in the middle of and after every request, then the same push again."""
    folder.mkdir()
    image = small_image(folder, own=(150_000, 70_000, 4000, 600))
    points = [(number, phase) for number in range(1, KILLS // 2 + 2) for phase in ("before", "middle", "after")]
    ended = [(number, kill_and_push_again(image, folder, number, phase)) for number, phase in points]
    killed = [one for number, one in ended if one.requests >= number]
    wrong = [one for one in killed if not one.whole or one.digest != image.digest or one.sent_again]
    return Row(
        what="pushes killed by SIGKILL, then again: another digest, half of an image, or a blob sent again",
        bar=f"0 of ≥ {KILLS}",
        figure=f"{len(wrong)} of {len(killed)}",
        met=not wrong and len(killed) >= KILLS,
    )


def none_of(what: str, count: int) -> Row:
    return Row(what=what, bar="0", figure=str(count), met=count == 0)
