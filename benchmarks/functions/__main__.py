"""``tox -e functions``: runs plugins on this machine in every way that matters, and writes docs/functions.md.

``tox -e functions -- saves-python interceptors`` measures only these parts again, and replaces their rows.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.functions import (
    abusive_plugins,
    call_times,
    called_in_chains,
    called_plugins,
    interceptor_times,
    json_differences,
    local_biot,
    other_clients,
    peers,
    saves,
)
from benchmarks.functions.bars import Bar, import_seconds
from sandbox.functions.isolation.isolation_choice import IsolationKind, find_isolation
from tests.support.plugins.running_adherence import adherence_alert, last_session_tracker
from tests.support.plugins.running_alerts import running_alerts
from tests.support.plugins.running_samples import running_javascript_seed, running_python_seed

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS: tuple[IsolationKind, ...] = ("bubblewrap", "namespaces", "none")
NODE_OF_TEMPLATES = "nodejs22.x"
PAGE = Path(__file__).parents[2] / "docs" / "functions.md"


def main() -> int:
    """Run everything, print and write the page; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="tox -e functions --", description=__doc__)
    parser.add_argument("--peers", action="store_true", help="also measure local servers of other platforms (npm)")
    parser.add_argument("--only-peers", action="store_true", help="measure them and leave the rest of the page")
    parser.add_argument("parts", nargs="*", metavar="PART", help="measure only these again, and replace their rows")
    options = parser.parse_args()
    if options.parts:
        return measure_again(options.parts)
    old, start = PAGE.read_text("utf-8"), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="biot-functions-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        variables = {"XDG_CACHE_HOME": str(scratch / "cache"), "BIOT_PLUGIN_STORE": str(scratch / "store")}
        bars = [] if options.only_peers else [bar for step in steps(scratch, variables).values() for bar in run(step)]
        measured = [*heading(time.monotonic() - start), *table(bars), ""]
        compared = peers.section(peers.peer_rows(scratch, variables)) if options.peers or options.only_peers else None
    upper, mark, lower = old.partition(peers.HEADING)
    page = (upper if options.only_peers else "\n".join(measured) + "\n") + (compared or mark + lower)
    PAGE.write_text(page.rstrip() + "\n", "utf-8")
    print(page)
    return 0 if all(bar.met for bar in bars) else 1


def measure_again(parts: list[str]) -> int:
    """Run some parts and replace their rows in the page; 1 when one of their bars is missed, 2 for an unknown part."""
    with tempfile.TemporaryDirectory(prefix="biot-functions-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        variables = {"XDG_CACHE_HOME": str(scratch / "cache"), "BIOT_PLUGIN_STORE": str(scratch / "store")}
        known = steps(scratch, variables)
        if unknown := [part for part in parts if part not in known]:
            print(f"Unknown: {', '.join(unknown)}. The parts are {', '.join(known)}.")
            return 2
        bars = [bar for part in parts for bar in run(known[part])]
    rows = {bar.what: row(bar) for bar in bars}
    lines = [rows.get(line.split(" | ")[0].removeprefix("| "), line) for line in PAGE.read_text("utf-8").split("\n")]
    PAGE.write_text("\n".join(lines), "utf-8")
    return 0 if all(bar.met for bar in bars) else 1


def steps(scratch: Path, variables: dict[str, str]) -> dict[str, Callable[[], Bar | list[Bar]]]:
    """What is measured, by the name of the part, in this order."""
    cache = scratch / "cache" / "biot-plugin-kit" / "functions"
    node = f"nodejs{node_major()}.x"
    python = called_plugins.generate("python", "python3.13", scratch / "python", variables)
    javascript = called_plugins.generate("javascript", NODE_OF_TEMPLATES, scratch / "javascript", variables)
    kinds: list[IsolationKind] = [kind for kind in KINDS if find_isolation(kind).kind == kind]
    plugins = [python.folder, javascript.folder]
    seeds = [
        called_plugins.sample(layout, scratch / layout.name, variables)
        for layout in (running_python_seed(), running_javascript_seed(node))
    ]
    samples = {
        layout.name: called_plugins.sample(layout, scratch / layout.name, variables)
        for layout in (last_session_tracker(), adherence_alert(), running_alerts(node))
    }
    return {
        "generated": lambda: called_plugins.every_hook(plugins, variables, "generated plugins, both languages"),
        "samples": lambda: called_plugins.every_hook(
            [*seeds, *samples.values()], variables, "BioT's four samples, rebuilt"
        ),
        "chains": lambda: called_in_chains.every_chain([*plugins, *seeds], samples, scratch, variables),
        "emulator-python": lambda: other_clients.emulated(cache, scratch, "python3.13"),
        "emulator-node": lambda: other_clients.emulated(cache, scratch, node),
        "compiled-client": lambda: other_clients.node_compiled(cache, scratch),
        **{f"abusive-{kind}": partial(abusive_plugins.measure, cache, scratch, node, kind) for kind in kinds},
        "memory": lambda: call_times.memory(cache, scratch),
        "warm-python": lambda: call_times.warm_calls(cache, scratch, "python3.13"),
        "warm-node": lambda: call_times.warm_calls(cache, scratch, node),
        "cold-python": lambda: call_times.cold_calls(cache, (python.artifact, python.sha256), "python3.13", scratch),
        "cold-node": lambda: call_times.cold_calls(
            cache, (javascript.artifact, javascript.sha256), NODE_OF_TEMPLATES, scratch
        ),
        "saves-python": lambda: saves.save_times(python, scratch / "python-saves", variables),
        "saves-node": lambda: saves.save_times(javascript, scratch / "javascript-saves", variables),
        "thousand-saves": lambda: saves.soak(scratch, variables),
        "hundred-plugins": lambda: local_biot.hundred_plugins(scratch, variables),
        "interceptors": lambda: interceptor_times.three_interceptors(scratch, variables),
        "differences": json_differences.megabyte,
    }


def run(step: Callable[[], Bar | list[Bar]]) -> list[Bar]:
    """Run a step and print its rows."""
    result = step()
    bars = [result] if isinstance(result, Bar) else result
    for bar in bars:
        print(f"{'met   ' if bar.met else 'MISSED'} {bar.what}: {bar.figure} ({bar.bar})", flush=True)
    return bars


def node_major() -> str:
    """The major version of the machine's Node.js."""
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    match = re.match(r"v([0-9]+)", version)
    assert match is not None
    return match[1]


def heading(seconds: float) -> list[str]:
    """What was done, where, and how to repeat it."""
    machine = f"{os.cpu_count()} cores, {platform.system()}"
    return [
        "# Plugins on this machine",
        "",
        f"Written by `tox -e functions`; do not edit. This run: {machine}, {seconds:.0f} s.",
        "",
        'Times apply to a machine on which `python -c "import click"` takes 50 ms. They are multiplied by the ratio',
        f"that was measured beside each of them; at the end of this run it took {import_seconds() * 1000:.0f} ms.",
        "Rows of parts that were measured again are of a later run.",
        "",
    ]


def table(bars: list[Bar]) -> list[str]:
    """One row for each bar."""
    return ["| what | bar | result | |", "|---|---|---|---|", *map(row, bars)]


def row(bar: Bar) -> str:
    """One row of the table."""
    return f"| {bar.what} | {bar.bar} | {bar.figure} | {'met' if bar.met else '**missed**'} |"


if __name__ == "__main__":
    raise SystemExit(main())
