"""``biot-plugin disable``."""

from __future__ import annotations

from builder.cli.plugin_commands import state_command

command = state_command(
    "disable", "Disable a plugin, so that BioT no longer calls it. `enable` undoes this.", enabled=False
)
