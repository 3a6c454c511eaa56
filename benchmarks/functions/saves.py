"""``biot-plugin dev``: how long a save takes until the new code answers, and whether any save is ever lost.

``python -m benchmarks.functions.saves --saves 300`` runs only the second part, with fewer saves.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.functions.bars import Bar, bar_for, milliseconds, percentile, scale
from tests.support.plugins.running_dev import RunningDev, answer_of, running_dev, save_by_renaming

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.functions.called_plugins import GeneratedPlugin

SAVES = 30
SOAK_SAVES = 1_000
P50, P95 = 0.25, 0.5
_SETTLED = 100
_GROWTH_MAX = 1.2
_HALF_WRITTEN_SECONDS = 0.005
_PUBLICATIONS_MAX = 4
"""A file that was truncated and not written yet is valid, so a slow machine may publish it before the whole one."""
_MANIFEST = """\
[plugin]
name = "soak"
displayName = "Soak"
version = 1
runtime = "python3.13"
"""
_HANDLER = "import answer\n\n\ndef handler(event, context):\n    return answer.NUMBER\n"


def save_times(plugin: GeneratedPlugin, scratch: Path, variables: Mapping[str, str]) -> Bar:
    """From a save of a generated plugin until its new code has started and waits for a call."""
    source = next(plugin.folder.glob("src/plugin/perform/notification.*"))
    text = source.read_text("utf-8")
    comment = "#" if source.suffix == ".py" else "//"
    seconds = []
    with running_dev(plugin.folder, {**variables, "BIOT_PLUGIN_STATE": str(scratch / "state")}) as dev:
        dev.wait_for("Watching the files")
        for number in range(SAVES):
            begin = time.perf_counter()
            save_by_renaming(source, f"{text}{comment} {number}\n")
            dev.wait_for(r"version \d+ answers")
            seconds.append(time.perf_counter() - begin)
    source.write_text(text, "utf-8")
    factor = scale()
    p50, p95 = percentile(seconds, 50), percentile(seconds, 95)
    return Bar(
        what=f"save to new code, generated plugin, {plugin.runtime}, {SAVES} saves",
        bar=f"p50 {bar_for(P50, factor)}, p95 {bar_for(P95, factor)}",
        figure=f"p50 {milliseconds(p50)}, p95 {milliseconds(p95)}",
        met=p50 <= P50 * factor and p95 <= P95 * factor,
    )


def soak(scratch: Path, variables: Mapping[str, str], saves: int = SOAK_SAVES) -> Bar:
    """Many saves in a row, by renaming and half-written: each answer is the last one saved."""
    folder = scratch / "soak"
    (folder / "src").mkdir(parents=True)
    for name, text in (("plugin.toml", _MANIFEST), ("src/index.py", _HANDLER), ("src/answer.py", "NUMBER = 0\n")):
        (folder / name).write_text(text, "utf-8")
    memory: list[int] = []
    begin = time.monotonic()
    with running_dev(folder, {**variables, "BIOT_PLUGIN_STATE": str(scratch / "soak-state")}) as dev:
        address = dev.wait_for(r"Local BioT on (http://127\.0\.0\.1:\d+)")[1]
        dev.wait_for("Watching the files")
        stale = int(not _saved(dev, address, 1, memory))
        processes = len(_descendants(dev.process.pid))
        stale += sum(not _saved(dev, address, number, memory) for number in range(2, saves + 1))
        orphans = len(_descendants(dev.process.pid)) - processes
    seconds = time.monotonic() - begin
    growth = statistics.median(memory[-20:]) / statistics.median(memory[_SETTLED : _SETTLED + 20])
    return Bar(
        what=f"{saves} saves in a row, by renaming and half-written",
        bar=f"never stale, only the warm process left, memory at most {_GROWTH_MAX:g} times that after {_SETTLED}",
        figure=f"{stale} stale, {max(orphans, 0)} more processes, memory {growth:.2f} times; {seconds:.0f} s",
        met=not stale and orphans <= 0 and growth <= _GROWTH_MAX,
    )


def _saved(dev: RunningDev, address: str, number: int, memory: list[int]) -> bool:
    """Save a number, wait for its publication, and return whether the plugin answers with it in the end."""
    file, text = dev.folder / "src" / "answer.py", f"NUMBER = {number}\n"
    if number % 2:
        save_by_renaming(file, text)
    else:
        file.write_text("NUMBER = (", "utf-8")
        time.sleep(_HALF_WRITTEN_SECONDS)
        file.write_text(text, "utf-8")
    memory.append(_resident_bytes(dev.process.pid))
    for _ in range(_PUBLICATIONS_MAX):
        dev.wait_for(r"version \d+ answers")
        if answer_of(address, "soak") == str(number):
            return True
    return False


def _resident_bytes(process: int) -> int:
    return int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1]) * 4096


def _descendants(process: int) -> list[int]:
    children = [
        int(child) for file in Path(f"/proc/{process}/task").glob("*/children") for child in file.read_text().split()
    ]
    return [*children, *(one for child in children for one in _descendants(child))]


def main() -> int:
    """Save many times and print the row; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.functions.saves", description=main.__doc__)
    parser.add_argument(
        "--saves", type=int, default=SOAK_SAVES, help=f"at least {_SETTLED + 20} (default: {SOAK_SAVES})"
    )
    saves = parser.parse_args().saves
    with tempfile.TemporaryDirectory(prefix="biot-saves-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        variables = {"XDG_CACHE_HOME": str(scratch / "cache"), "BIOT_PLUGIN_STORE": str(scratch / "store")}
        bar = soak(scratch, variables, saves)
    print(f"{'met   ' if bar.met else 'MISSED'} {bar.what}: {bar.figure} ({bar.bar})")
    return 0 if bar.met else 1


if __name__ == "__main__":
    raise SystemExit(main())
