"""``biot-plugin endpoint``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import connect, name_argument, select_environment
from builder.cli.options import json_option, project_options
from builder.cli.output import print_document, print_text
from builder.publishing.failures import NoAnswer
from builder.publishing.remote.plugin_actions import find_plugin

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="Print the endpoint URL of a plugin.",
    epilog="""\b
Examples:
  biot-plugin endpoint -e dev
  curl "$(biot-plugin endpoint age-calculator -e dev)"
""",
)
@name_argument
@project_options
@json_option
def command(name: str | None, folder: Path, environment: str | None, *, as_json: bool) -> None:
    """Print the endpoint URL of a plugin, and nothing else.

    It is the URL of Copy Endpoint in BioT's Console. The URL is public: the token of each call protects the plugin.
    """
    selected = select_environment(folder, environment)
    with connect(selected, as_json=as_json) as client:
        plugin = find_plugin(client, selected.plugin_name(name))
    if not plugin.endpoint_url:
        msg = f"BioT answered {plugin.name} without an endpoint URL."
        raise NoAnswer(msg, hint="Try again in a minute: BioT may still be creating the plugin.")
    if as_json:
        print_document({"status": "ok", "name": plugin.name, "endpointUrl": plugin.endpoint_url})
    else:
        print_text(plugin.endpoint_url)
