"""One row of docs/functions.md, and the speed of the machine."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

REFERENCE_SECONDS = 0.05
"""The bars for times apply to a machine on which ``python -c "import click"`` takes this long."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """What was measured, what is required, and the result."""

    what: str
    bar: str
    figure: str
    met: bool


def import_seconds() -> float:
    """The median time of ``python -c "import click"``."""
    seconds = []
    for _ in range(9):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import click"], check=True)
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def scale() -> float:
    """How much slower this machine is now than the reference; at least 1."""
    return max(1.0, import_seconds() / REFERENCE_SECONDS)


def milliseconds(seconds: float) -> str:
    """``12.3 ms``."""
    return f"{seconds * 1000:.1f} ms"


def bar_for(seconds: float, factor: float) -> str:
    """A bar for a time, and what it means on this machine."""
    return f"≤ {milliseconds(seconds)}, here {milliseconds(seconds * factor)}"


def percentile(values: list[float], percent: int) -> float:
    """The value that ``percent`` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
