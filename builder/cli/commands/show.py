"""``biot-plugin show``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import connect, name_argument, select_environment
from builder.cli.options import json_option, project_options
from builder.cli.output import print_document, print_lines
from builder.cli.printing.remote_output import describe_plugin, plugin_page
from builder.publishing.remote.plugin_actions import find_plugin

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="Show a plugin as BioT has it.",
    epilog="""\b
Examples:
  biot-plugin show -e dev                   the plugin of plugin.toml
  biot-plugin show age-calculator -e dev
  biot-plugin show -e dev --json | jq .version
""",
)
@name_argument
@project_options
@json_option
def command(name: str | None, folder: Path, environment: str | None, *, as_json: bool) -> None:
    """Show a plugin as BioT has it, with the names of its environment variables and without their values.

    Exit code 8 if there is no plugin of this name.
    """
    selected = select_environment(folder, environment)
    with connect(selected, as_json=as_json) as client:
        plugin = find_plugin(client, selected.plugin_name(name))
    if as_json:
        print_document({"status": "ok", "environment": selected.target.name, "plugin": describe_plugin(plugin)})
    else:
        print_lines(plugin_page(plugin))
