"""What ``enable`` and ``disable`` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.cli.connection_options import aim, connect
from builder.cli.output import print_document, print_text
from builder.cli.remote_output import describe_plugin
from builder.publishing.clock import SystemClock
from builder.publishing.remote.plugin_actions import find_plugin, set_enabled

if TYPE_CHECKING:
    from pathlib import Path


def switched(name: str | None, folder: Path, environment: str | None, *, enabled: bool, as_json: bool) -> None:
    """Enable or disable a plugin and tell what became of it."""
    where = aim(folder, environment)
    with connect(where, as_json=as_json) as client:
        act = set_enabled(client, find_plugin(client, where.name(name)), enabled=enabled, clock=SystemClock())
    status = "done" if act.changed else "nothing-to-do"
    if as_json:
        plugin = describe_plugin(act.plugin)
        print_document({"status": status, "verdict": status, "environment": where.target.name, "plugin": plugin})
        return
    state = "enabled" if enabled else "disabled"
    told = f"is {state} now" if act.changed else f"is {state} already: nothing to do"
    print_text(f"{act.plugin.name} in {where.target.name} {told}.")
