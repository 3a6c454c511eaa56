"""The time of ``package`` for images of 10, 100 and 1,000 packages."""

from __future__ import annotations

import os
import shutil
from functools import partial
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

from benchmarks.images.kit_commands import KIT
from benchmarks.images.section import Row, Section
from benchmarks.timing import TimedCommand, peak_memory, time_in_turn
from builder.dependencies.store.layer_store import LAYERS
from tests.support.images.image_plugin import image_plugin

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.timing import Times
    from tests.support.plugins.locked_plugin import LockedPlugin

COUNTS = (10, 100, 1_000)
FILES = 10
"""Files of each package, besides its metadata."""
FACTOR = 10
TOLERANCE = 1.1
MEGABYTES = 200
RUNS = 5
ABOUT = f"""\
Plugins of {", ".join(f"{count:,}" for count in COUNTS)} packages with {FILES} files of 4 KB each; the store has the
packages. "First build" writes every layer; with more than 100 packages, several share one. "Layers in the store" builds
the image again from layers that are there. Times are those of whole processes, medians of {RUNS}."""


def measure(scratch: Path) -> Section:
    """Package all of them."""
    plugins = [(count, _plugin(scratch / str(count), count)) for count in COUNTS]
    rows = []
    for what, forget in (("first build", _forget_layers), ("layers in the store", _forget_artifact)):
        times = [(count, _time(plugin, partial(forget, plugin))) for count, plugin in plugins]
        factors = [later.median / earlier.median for (_, earlier), (_, later) in pairwise(times)]
        shown = ", ".join(f"{count:,} packages {time.median:.2f} s" for count, time in times)
        rows.append(
            Row(
                what=f"ten times the packages, {what} ({shown})",
                bar=f"≤ {FACTOR} times the time",
                figure=", ".join(f"{factor:.1f}" for factor in factors),
                met=max(factors) <= FACTOR * TOLERANCE,
            )
        )
    largest = plugins[-1][1]
    memory = peak_memory(_command(largest, partial(_forget_layers, largest))) / 1000
    rows.append(
        Row(
            what=f"peak memory of the first build with {COUNTS[-1]:,} packages",
            bar=f"< {MEGABYTES} MB",
            figure=f"{memory:.0f} MB",
            met=memory < MEGABYTES,
        )
    )
    return Section(heading="Growth", about=ABOUT, rows=tuple(rows))


def _plugin(home: Path, count: int) -> LockedPlugin:
    random = Random(count)  # noqa: S311 - makes example files, no secret
    wheels = {
        (f"package{number}", "1.0"): {
            f"package{number}/m{file}.py": b"# " + random.randbytes(2000).hex().encode() + b"\n"
            for file in range(FILES)
        }
        for number in range(count)
    }
    return image_plugin(home, wheels=wheels)


def _forget_artifact(plugin: LockedPlugin) -> None:
    shutil.rmtree(plugin.folder / "dist", ignore_errors=True)


def _forget_layers(plugin: LockedPlugin) -> None:
    _forget_artifact(plugin)
    shutil.rmtree(plugin.store / LAYERS, ignore_errors=True)


def _command(plugin: LockedPlugin, prepare: partial[None]) -> TimedCommand:
    environment = {**os.environ, "BIOT_PLUGIN_STORE": str(plugin.store)}
    return TimedCommand(
        name="package", argv=[*KIT, "package"], cwd=plugin.folder, environment=environment, prepare=prepare
    )


def _time(plugin: LockedPlugin, prepare: partial[None]) -> Times:
    return time_in_turn([_command(plugin, prepare)], RUNS)[0]
