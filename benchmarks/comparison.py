"""``tox -e bench -- --peers``: compares the kit with other packaging tools in one run."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks import peers
from benchmarks.growth import growth_rows
from benchmarks.peers import Peer, SkippedPeer
from benchmarks.startup import StartBars, machine_reference, start_rows
from benchmarks.timing import TimedCommand, Times, peak_memory, time_in_turn, time_once
from benchmarks.workloads import J_HEAVY, P_HEAVY, J, P, Workload, generated_javascript, generated_python, monorepo

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.peers import Candidate

TABLE_HEAD = ["| what | figure | bar | |", "|---|---|---|---|"]
PLUGINS = 30


@dataclass(frozen=True, kw_only=True)
class RatioBar:
    """The smallest ratio to a peer that is good enough."""

    peer: str
    ratio: float


def compare(home: Path, runs: int) -> list[str]:
    """Every section of the page."""
    return [
        *_python(
            home / "p-heavy",
            "P-heavy",
            P_HEAVY,
            runs,
            (RatioBar(peer="uv + zip", ratio=18), RatioBar(peer="sam build + zip", ratio=40)),
        ),
        *_python(home / "p", "P", P, runs, (RatioBar(peer="uv + zip", ratio=8),)),
        *_javascript(home / "j", "J", J, runs, (RatioBar(peer="npm ci + zip", ratio=5),)),
        *_javascript(home / "j-heavy", "J-heavy", J_HEAVY, runs, ()),
        *_monorepo(home / "monorepo", runs),
        *growth_rows(home / "growth", runs),
    ]


def _python(home: Path, name: str, requirements: tuple[str, ...], runs: int, bars: tuple[RatioBar, ...]) -> list[str]:
    workload = generated_python(home, requirements)
    heavy = name == "P-heavy"
    candidates: list[Candidate] = [peers.uv_and_zip(), *(peers.python_peers(home) if heavy else ())]
    rows = _against(workload, candidates, home, runs, bars)
    start_bars = StartBars(unchanged=2.5, changed=5, peer=18) if heavy else StartBars(unchanged=1.8, changed=4, peer=8)
    rows += start_rows(workload, peers.uv_and_zip(), home, runs, start_bars)
    rows += _cold(workload, peers.uv_and_zip(), home, 2)
    if heavy:
        rows += [*_limits(workload, home, runs), *_sizes(workload, home)]
    return ["", f"## {name}", "", machine_reference(runs), "", *TABLE_HEAD, *rows]


def _javascript(home: Path, name: str, packages: tuple[str, ...], runs: int, bars: tuple[RatioBar, ...]) -> list[str]:
    workload = generated_javascript(home, packages)
    candidates = peers.javascript_peers(home)
    rows = _against(workload, candidates, home, runs, bars)
    if isinstance(candidates[0], Peer):
        rows += _cold(workload, candidates[0], home, 2)
    return ["", f"## {name}", "", machine_reference(runs), "", *TABLE_HEAD, *rows]


def _against(
    workload: Workload, candidates: list[Candidate], home: Path, runs: int, bars: tuple[RatioBar, ...]
) -> list[str]:
    """The kit and each peer in turn, with a warm store and no earlier artifact."""
    ours: Times | None = None
    rows: list[str] = []
    for candidate in candidates:
        if isinstance(candidate, SkippedPeer):
            rows.append(f"| {candidate.name} | skipped: {candidate.reason} | | |")
            continue
        try:
            measured, theirs = time_in_turn(
                [_package(workload), candidate.command(workload, home / "out", peers.interpreter_folder())],
                min(runs, candidate.runs),
            )
        except SystemExit as error:
            rows.append(f"| {candidate.name} | skipped: {_reason(error)} | | |")
            continue
        if ours is None:
            ours = measured
            rows.append(f"| `biot-plugin package`, store warm, no earlier artifact | {ours} | | |")
        bar = next((bar.ratio for bar in bars if bar.peer == candidate.name), None)
        rows.append(f"| {candidate.name} | {theirs} | | |")
        rows.append(_ratio(f"**ratio to {candidate.name}**", theirs.median / measured.median, bar))
        rows.append(_size_row(workload, home / "out" / "peer.zip", candidate.name))
    return rows


def _cold(workload: Workload, peer: Peer, home: Path, runs: int) -> list[str]:
    """An empty store, with the download cache of pip or npm warm."""
    store = home / "cold-store"
    cold = replace(
        _package(workload),
        name="empty store",
        environment={**workload.environment, "BIOT_PLUGIN_STORE": str(store)},
        prepare=lambda: (shutil.rmtree(store, ignore_errors=True), workload.delete_artifact())[1],
    )
    ours, theirs = time_in_turn([cold, peer.command(workload, home / "out")], runs)
    factor = ours.median / theirs.median
    verdict = "met" if factor <= 1.5 else "**missed**"
    return [
        f"| empty store, download cache warm | {ours} | | |",
        f"| **of the time of {peer.name}** | {factor:.2f} times | at most 1.5 | {verdict} |",
    ]


def _limits(workload: Workload, home: Path, runs: int) -> list[str]:
    """The time compared with copying the finished file, and the memory."""
    time_once(_package(workload))
    artifact = next((workload.folder / "dist").glob("*.zip"))
    copy = TimedCommand(name="cp", argv=["cp", str(artifact), str(home / "copy.zip")], cwd=home)
    start = TimedCommand(name="--version", argv=workload.kit("--version"), cwd=home)
    copied, started, packaged = time_in_turn([copy, start, _package(workload)], runs)
    ratio = (packaged.median - started.median) / copied.median
    memory = peak_memory(_package(workload)) / 1000
    near = "met" if ratio <= 5 else "**missed**"
    return [
        f"| packaging without start-up, against `cp` of the ZIP | {ratio:.1f} times | stretch: at most 5 | {near} |",
        f"| peak memory | {memory:.0f} MB | under 80 MB | {'met' if memory < 80 else '**missed**'} |",
        _time("`biot-plugin --version`", started, 0.15),
    ]


def _sizes(workload: Workload, home: Path) -> list[str]:
    """``recompress = true`` compared with ``zip -9`` of the same content."""
    artifact = next((workload.folder / "dist").glob("*.zip"))
    unpacked = home / "unpacked"
    shutil.unpack_archive(artifact, unpacked)
    subprocess.run(["zip", "-qr9", str(home / "nine.zip"), "."], cwd=unpacked, check=True)
    manifest = workload.folder / "plugin.toml"
    manifest.write_text(manifest.read_text("utf-8").replace("[build]\n", "[build]\nrecompress = true\n"), "utf-8")
    first = time_once(_package(workload))
    again = time_once(_package(workload))
    nine, hard = (home / "nine.zip").stat().st_size, artifact.stat().st_size
    saved = 100 * (1 - hard / nine)
    figure = f"{saved:.1f} % ({hard:,} / {nine:,} bytes)"
    verdict = "met" if saved >= 1.5 else "**missed**"
    return [
        f"| `recompress = true`: first time / from the store | {first:.1f} s / {again:.2f} s | | |",
        f"| **smaller than `zip -9` of the same content** | {figure} | at least 1.5 % | {verdict} |",
    ]


def _monorepo(home: Path, runs: int) -> list[str]:
    """30 small plugins that share most packages."""
    workload = monorepo(home, PLUGINS)
    peer = peers.uv_and_zip()
    kit = replace(_package(workload), argv=workload.kit("package", "--all"))
    script = f'for plugin in */; do (cd "$plugin"; {peer.script}); done'
    theirs = Peer(name="30 times uv + zip", script=script, runs=1).command(workload, home / "out")
    ours = time_in_turn([kit], runs)[0]
    other = time_once(theirs)
    return [
        "",
        f"## A repository of {PLUGINS} small plugins",
        "",
        machine_reference(runs),
        "",
        *TABLE_HEAD,
        f"| `biot-plugin package --all`, store warm, no earlier artifact | {ours} | | |",
        f"| {PLUGINS} builds by uv + zip | {other:.1f} s | | |",
        _ratio("**ratio**", other / ours.median, 20),
    ]


def _package(workload: Workload) -> TimedCommand:
    return TimedCommand(
        name="biot-plugin package",
        argv=workload.kit("package"),
        cwd=workload.folder,
        environment=workload.environment,
        prepare=workload.delete_artifact,
    )


def _size_row(workload: Workload, theirs: Path, name: str) -> str:
    mine = next((workload.folder / "dist").glob("*.zip")).stat().st_size
    if not theirs.is_file():
        return f"| ZIP, ours / {name} | {mine:,} bytes / none | | |"
    other = theirs.stat().st_size
    bundled = "esbuild" in name
    bar, verdict = ("", "other content") if bundled else ("not larger", "met" if mine <= other else "**missed**")
    return f"| ZIP, ours / {name} | {mine:,} / {other:,} bytes | {bar} | {verdict} |"


def _ratio(label: str, ratio: float, bar: float | None) -> str:
    expected = f"at least {bar:g}" if bar else ""
    verdict = ("met" if ratio >= bar else "**missed**") if bar else ""
    return f"| {label} | {ratio:.1f} times faster | {expected} | {verdict} |"


def _time(label: str, times: Times, limit: float) -> str:
    return f"| {label} | {times} | under {limit} s | {'met' if times.median < limit else '**missed**'} |"


def _reason(error: SystemExit) -> str:
    """The first line with an error, without the folder of this run."""
    lines = str(error).strip().splitlines() or ["no message"]
    message = next((line for line in lines[1:] if "error" in line.lower()), lines[-1])
    return re.sub(r"\S*/biot-bench-\S*", "…", message).replace("|", "/").strip()[:160]
