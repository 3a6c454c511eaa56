"""Measures how the time grows with the number of entries, as a table and a plot."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING

from benchmarks.plot import plot
from benchmarks.timing import TimedCommand, time_in_turn
from benchmarks.workloads import REPOSITORY, files_workload

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = (10, 100, 1_000, 10_000)
TOLERANCE = 1.1
PLOT = REPOSITORY / "docs" / "growth.svg"


def growth_rows(home: Path, runs: int) -> list[str]:
    """Package plugins of 10 to 10,000 files, write the plot and return its section of the page."""
    rows, built, unchanged = [], [], []
    start = TimedCommand(name="start", argv=[sys.executable, "-c", ""], cwd=home.parent)
    for count in COUNTS:
        workload = files_workload(home / str(count), count)
        argv = workload.kit("package")
        fresh = TimedCommand(
            name=f"{count} files",
            argv=argv,
            cwd=workload.folder,
            environment=workload.environment,
            prepare=workload.delete_artifact,
        )
        again = TimedCommand(name=f"{count} again", argv=argv, cwd=workload.folder, environment=workload.environment)
        first, second, _ = time_in_turn([fresh, again, start], runs)
        built.append((count, first.median))
        unchanged.append((count, second.median))
        rows.append(f"| {count:,} entries | {first} | {second} |")
    PLOT.write_text(plot("biot-plugin package: whole process", {"built": built, "nothing changed": unchanged}), "utf-8")
    factors = [later[1] / earlier[1] for earlier, later in pairwise(built)]
    linear = "met" if max(factors) <= 10 * TOLERANCE else "**missed**"
    growth = ", ".join(f"{factor:.1f}" for factor in factors)
    summary = f"Ten times the entries take {growth} times the time; linear is at most 10: {linear}."
    return [
        "",
        "## Growth",
        "",
        "| size | built | nothing changed |",
        "|---|---|---|",
        *rows,
        "",
        summary,
        "",
        f"![Time against entries]({PLOT.name})",
    ]
