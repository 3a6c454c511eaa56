"""``tox -e bench``: measures the kit and writes docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import coldstart, comparison
from benchmarks.startup import machine_reference
from benchmarks.timing import TimedCommand, Times, time_in_turn
from benchmarks.workloads import P_HEAVY, REPOSITORY, Workload, generated_python

PAGE = REPOSITORY / "docs" / "benchmarks.md"


def main() -> int:
    """Run all comparisons and write the page."""
    parser = argparse.ArgumentParser(prog="tox -e bench --", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each command [5]")
    parser.add_argument(
        "--peers", action="store_true", help="install the tools that people use today, and compare with all of them"
    )
    arguments = parser.parse_args()
    runs: int = arguments.runs
    with tempfile.TemporaryDirectory(prefix="biot-bench-", ignore_cleanup_errors=True) as scratch:
        home = Path(scratch)
        workload = generated_python(home / "p-heavy", P_HEAVY)
        rows = [*against_uv_and_zip(workload, home, runs), nothing_changed(workload, runs), version(workload, runs)]
        rows += coldstart.measure(home, runs)
        sections = comparison.compare(home / "peers", runs) if arguments.peers else []
    page = "\n".join([*heading(runs), "| what | figure | bar | |", "|---|---|---|---|", *rows, *sections, ""])
    PAGE.write_text(page, "utf-8")
    print(page)
    return 0


def heading(runs: int) -> list[str]:
    """What was measured, where, and how to repeat it."""
    load = f"load average {os.getloadavg()[0]:.1f} at the end"
    machine = f"{os.cpu_count()} cores, {platform.system()}, CPython {platform.python_version()}, {load}"
    return [
        "# Benchmarks",
        "",
        "Written by `tox -e bench -- --peers` (without `--peers`: only the first table); do not edit. Times are wall",
        "seconds of whole processes: median (minimum to maximum), in turn on one machine, one warm-up and",
        f"{runs} counted runs; slow peers run once. Compare ratios, not seconds. This run: {machine}.",
        "",
        "The plugins are as the templates generate them, with 27 own files. P has python3.13 and, besides the packages",
        "of the template, requests, pydantic and python-dateutil; P-heavy has numpy and pandas, too. J has nodejs22.x,",
        "axios, jsonwebtoken, luxon, winston and uuid; J-heavy has sharp, too.",
        "",
        machine_reference(runs),
        "",
    ]


def against_uv_and_zip(workload: Workload, home: Path, runs: int) -> list[str]:
    """P-heavy, everything warm, no earlier artifact: the kit, and `uv pip install --target` with `zip -qr`."""
    target = home / "target"
    script = (
        f"rm -rf {target} && {sys.executable} -m uv pip install -q --target {target} --python {sys.executable} "
        f"--no-python-downloads --python-version 3.13 --python-platform x86_64-manylinux_2_34 --only-binary :all: "
        f"--no-deps -r requirements.lock && cp -r src/. {target} && cd {target} && "
        "rm -f ../uv.zip && zip -qr ../uv.zip ."
    )
    kit = TimedCommand(
        name="biot-plugin package",
        argv=workload.kit("package"),
        cwd=workload.folder,
        environment=workload.environment,
        prepare=workload.delete_artifact,
    )
    peer = TimedCommand(name="uv + zip", argv=["sh", "-c", script], cwd=workload.folder)
    ours, theirs = time_in_turn([kit, peer], runs)
    ratio = theirs.median / ours.median
    sizes = (next((workload.folder / "dist").glob("*.zip")).stat().st_size, (home / "uv.zip").stat().st_size)
    return [
        row("P-heavy, store warm, no earlier artifact: `biot-plugin package`", ours, "", met=None),
        row("the same with `uv pip install --target` + `zip -qr` (cache warm)", theirs, "", met=None),
        f"| **ratio** | {ratio:.1f} times faster | at least 10 | {verdict(met=ratio >= 10)} |",
        f"| ZIP, ours / theirs | {sizes[0]:,} / {sizes[1]:,} bytes | | |",
    ]


def nothing_changed(workload: Workload, runs: int) -> str:
    """A second build, whole process."""
    command = TimedCommand(
        name="nothing changed", argv=workload.kit("package"), cwd=workload.folder, environment=workload.environment
    )
    times = time_in_turn([command], max(runs, 10))[0]
    return row("P-heavy, nothing changed: `biot-plugin package`", times, "under 0.25 s", met=times.median < 0.25)


def version(workload: Workload, runs: int) -> str:
    """Start-up of the command line."""
    command = TimedCommand(name="--version", argv=workload.kit("--version"), cwd=workload.folder)
    times = time_in_turn([command], max(runs, 10))[0]
    return row("`biot-plugin --version`", times, "under 0.15 s", met=times.median < 0.15)


def row(label: str, times: Times, bar: str, *, met: bool | None) -> str:
    """One line of the table."""
    return f"| {label} | {times} | {bar} | {verdict(met=met) if met is not None else ''} |"


def verdict(*, met: bool) -> str:
    """The cell that says whether the bar is met."""
    return "met" if met else "**missed**"


if __name__ == "__main__":
    subprocess.run(["zip", "-v"], check=True, stdout=subprocess.DEVNULL)
    raise SystemExit(main())
