"""``biot-plugin trigger cron``: run a schedule now, or move the clock of the schedules."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from builder.cli.output import print_document, print_lines
from builder.cli.printing.chain_output import PLUGIN_FAILED_EXIT, chain_lines
from builder.publishing.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Mapping

_RUNS_SHOWN = 3
_RUNS_LISTED = 20


def trigger_schedule(plugin: str, at: str, advance: str, *, as_json: bool) -> int:
    """Run the schedule of a plugin once, or every run until another time; return the exit code.

    Args:
        plugin: The plugin's name; empty for the only one with a schedule.
        at: The time of the run; empty for now.
        advance: Where to move the clock; empty to leave it.
        as_json: Whether to print JSON.
    """
    from builder.publishing.remote.local_service import open_local_service

    with open_local_service(os.environ, SystemClock()) as local:
        if advance:
            moved = local.post("/schedules/clock", {"time": advance})
            return _print_moved(moved, as_json=as_json)
        result = local.post("/schedules/run", {"pluginName": plugin, "time": at})
    return _print_run(result, as_json=as_json)


def _print_run(result: Mapping[str, Any], *, as_json: bool) -> int:
    chain = result["chain"]
    exit_code = PLUGIN_FAILED_EXIT if chain["pluginFailed"] else 0
    if as_json:
        status = "plugin-failed" if exit_code else "ok"
        print_document({"status": status, "exitCode": exit_code, **result})
        return exit_code
    upcoming = ", ".join(_readable(moment) for moment in result["nextRuns"][:_RUNS_SHOWN])
    print_lines(chain_lines(chain, f"{result['cronSchedule']}: next {upcoming or 'never'} UTC"))
    return exit_code


def _print_moved(result: Mapping[str, Any], *, as_json: bool) -> int:
    runs = result["runs"]
    if as_json:
        print_document({"status": "ok", **result})
        return 0
    lines = [f"{_readable(run['time'])}  {run['plugin']}" for run in runs[:_RUNS_LISTED]]
    if len(runs) > _RUNS_LISTED:
        lines.append(f"… and {len(runs) - _RUNS_LISTED} more")
    count = f"{len(runs)} run{'' if len(runs) == 1 else 's'}"
    print_lines([*lines, f"{count}. The clock of the schedules is at {_readable(result['time'])} UTC."])
    if runs:
        print_lines(["`biot-plugin activity --hook CRON` shows how they ended."])
    return 0


def _readable(moment: str) -> str:
    return moment[:16].replace("T", " ")
