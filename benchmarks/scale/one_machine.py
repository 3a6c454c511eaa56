"""One machine: how long it takes to find the plugins, to see that nothing changed, and to build the one that did."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks.functions.bars import scale
from benchmarks.images.section import Row, Section
from benchmarks.scale.machines import KIT
from benchmarks.timing import TimedCommand, time_once

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.scale.repository import PluginRepository

_RUNS = 5
_NOTHING_SECONDS = 5.0
_ONE_MORE_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class _Commands:
    """What is timed, each in a repository whose plugins are packaged."""

    discovery: TimedCommand
    nothing: TimedCommand
    changed: TimedCommand
    since_nothing: TimedCommand
    since_changed: TimedCommand


def measure(repository: PluginRepository, home: Path, environment: Mapping[str, str]) -> Section:
    """Package everything once, then time what a developer and a pipeline do all day."""
    variables = {**environment, "BIOT_PLUGIN_STORE": str(home / "store")}
    commands = _commands(repository, variables)
    complete = time_once(commands.nothing)
    time_once(commands.nothing)
    ratio = scale()
    seconds = {
        name: _median(command, ratio)
        for name, command in (
            ("discovery", commands.discovery),
            ("nothing", commands.nothing),
            ("changed", commands.changed),
            ("since nothing", commands.since_nothing),
            ("since changed", commands.since_changed),
        )
    }
    repository.git("checkout", "-q", ".")
    return _section(repository.count, complete / ratio, seconds)


def _commands(repository: PluginRepository, variables: Mapping[str, str]) -> _Commands:
    everything = TimedCommand(
        name="package --all", argv=[*KIT, "package", "--all"], cwd=repository.folder, environment=variables
    )
    since = replace(everything, argv=[*everything.argv, "--since", "HEAD"])
    lines = iter(range(1_000_000))

    def change() -> None:
        plugin = repository.plugin(repository.count // 2)
        file = next(plugin.glob("src/perform.*"))
        mark = "#" if file.suffix == ".py" else "//"
        file.write_text(f"{file.read_text('utf-8')}{mark} {next(lines)}\n", "utf-8")

    def restore() -> None:
        repository.git("checkout", "-q", ".")

    return _Commands(
        discovery=replace(everything, argv=[*everything.argv, "--dry-run"]),
        nothing=everything,
        changed=replace(everything, prepare=change),
        since_nothing=replace(since, prepare=restore),
        since_changed=replace(since, prepare=change),
    )


def _median(command: TimedCommand, ratio: float) -> float:
    return statistics.median(time_once(command) for _ in range(_RUNS)) / ratio


def _section(count: int, complete: float, seconds: Mapping[str, float]) -> Section:
    more = seconds["changed"] - seconds["nothing"]
    since_more = seconds["since changed"] - seconds["since nothing"]
    limit, more_limit = f"under {_NOTHING_SECONDS:.0f} s", f"under {_ONE_MORE_SECONDS:.1f} s more"
    rows = (
        Row(what="complete build, packages fetched", bar="", figure=f"{complete:.1f} s", met=True),
        _row("discovery (`--dry-run`)", limit, seconds["discovery"], _NOTHING_SECONDS),
        _row("nothing changed", limit, seconds["nothing"], _NOTHING_SECONDS),
        _row("one plugin changed, beyond that", more_limit, more, _ONE_MORE_SECONDS),
        _row("`--since HEAD`, nothing changed", limit, seconds["since nothing"], _NOTHING_SECONDS),
        _row("`--since HEAD`, one plugin changed, beyond that", more_limit, since_more, _ONE_MORE_SECONDS),
    )
    about = (
        f"`biot-plugin package --all` in a repository with {count} plugins, all packaged before: the median of "
        f'{_RUNS} runs. Times apply to a machine on which `python -c "import click"` takes 50 ms.'
    )
    return Section(heading="One machine", about=about, rows=rows)


def _row(what: str, bar: str, seconds: float, limit: float) -> Row:
    return Row(what=what, bar=bar, figure=f"{seconds:.2f} s", met=seconds < limit)
