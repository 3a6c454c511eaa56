"""``tox -e repro``: builds the same plugins in many environments, and writes docs/reproducibility.md."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.repro import attacks
from benchmarks.repro.builds import BuildResult, HostPython, build_all, digests, install, prepare
from benchmarks.repro.environments import COUNT, environments, find_listings, find_locales, find_pythons
from benchmarks.repro.plugins import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.repro.attacks import AttackResult

PAGE = Path(__file__).parents[2] / "docs" / "reproducibility.md"


def main() -> int:
    """Run everything, print and write the page; 1 when a bar is missed."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="biot-repro-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        pythons, locales, listings = find_pythons(), find_locales(), find_listings()
        hosts = install(pythons, scratch)
        origin = scratch / "origin"
        cold = prepare(hosts, origin)
        print(f"{len(cold)} cold builds after {time.monotonic() - start:.0f} s", flush=True)
        warm = build_in_all_environments(hosts, origin, scratch, (locales, listings))
        print(f"{len(warm)} builds in {COUNT} environments after {time.monotonic() - start:.0f} s", flush=True)
        results = [
            attacks.single_changes(scratch),
            attacks.archives(),
            attacks.killed_builds(scratch),
            attacks.reprotest(hosts[0].python, origin / SAMPLES[0].name, scratch),
        ]
    varied = f"Pythons {', '.join(pythons)}; locales {', '.join(locales)}; listing orders: {len(listings)}"
    page = "\n".join([*heading(varied, time.monotonic() - start), *table(cold, warm), "", *attack_table(results), ""])
    PAGE.write_text(page, "utf-8")
    print(page)
    failed = [one.failure for one in (*cold, *warm) if one.failure]
    print(*failed[:3], sep="\n")
    return 0 if all(result.met for result in results) and is_same(cold, warm) else 1


def build_in_all_environments(
    hosts: Sequence[HostPython], origin: Path, scratch: Path, machine: tuple[Sequence[str], Sequence[str]]
) -> list[BuildResult]:
    """All plugins in all environments, as many environments at a time as there are cores."""
    by_version = {host.version: host for host in hosts}
    every = environments(list(by_version), *machine)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        runs = [
            pool.submit(build_all, one, by_version[one.python], origin, scratch / f"environment{number}")
            for number, one in enumerate(every)
        ]
        return [built for run in runs for built in run.result()]


def is_same(cold: Sequence[BuildResult], warm: Sequence[BuildResult]) -> bool:
    """Whether every plugin has exactly one digest."""
    return all(len(counts) == 1 and all(all(pair) for pair in counts) for counts in digests([*cold, *warm]).values())


def heading(varied: str, seconds: float) -> list[str]:
    """What was done, where, and how to repeat it."""
    machine = f"{os.cpu_count()} cores, {platform.system()}, {seconds:.0f} s"
    return [
        "# The same bytes everywhere",
        "",
        f"Written by `tox -e repro`; do not edit. This run: {machine}.",
        "",
        f"Each Python of the machine builds {len(SAMPLES)} plugins once with an empty store. Then they are built in",
        f"{COUNT} environments, each build in its own process. An environment is one combination of Python, umask,",
        "time zone, locale, hash seed, folder, modification times, number of simultaneous builds, and the order in",
        f"which folders list their files (disorderfs). {varied}.",
        "",
        "The digests change with the newest versions of the packages, because every run locks the plugins again.",
        "",
    ]


def table(cold: Sequence[BuildResult], warm: Sequence[BuildResult]) -> list[str]:
    """One row for each plugin."""
    lines = [
        "| plugin | what it has | builds | different ZIPs | different evidence | sha256 |",
        "|---|---|---|---|---|---|",
    ]
    for sample in SAMPLES:
        counts = digests([*cold, *warm])[sample.name]
        zips, evidence = ({pair[at] for pair in counts} for at in (0, 1))
        shown = f"`{min(zips)[:16]}…`" if len(zips) == 1 else "**several**"
        what, builds = f"{sample.runtime}: {sample.about}", counts.total()
        lines.append(f"| {sample.name} | {what} | {builds} | {len(zips)} | {len(evidence)} | {shown} |")
    total = len(cold) + len(warm)
    lines += ["", f"Together: {total} builds, {sum(bool(one.failure) for one in (*cold, *warm))} failed."]
    return lines


def attack_table(results: Sequence[AttackResult]) -> list[str]:
    """The table of attacks on artifacts, archives and builds."""
    lines = ["## Changed, hostile, killed", "", "| what | result | |", "|---|---|---|"]
    return lines + [f"| {one.what} | {one.figure} | {'met' if one.met else '**missed**'} |" for one in results]


if __name__ == "__main__":
    raise SystemExit(main())
