"""``biot-plugin enable``."""

from __future__ import annotations

from builder.cli.plugin_commands import state_command

command = state_command("enable", "Enable a plugin, so that BioT calls it for its subscriptions again.", enabled=True)
