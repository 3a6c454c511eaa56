"""``biot-plugin endpoint``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import aim, connect, name_argument
from builder.cli.options import json_option, project_options
from builder.cli.output import print_document, print_text
from builder.publishing.failures import NoAnswer
from builder.publishing.remote.plugin_actions import find_plugin

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="Print the URL that a plugin is called at.",
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
    """Print a plugin's endpoint URL and nothing else, like the Console's Copy Endpoint.

    The URL is public: the token of each call is what protects it.
    """
    where = aim(folder, environment)
    with connect(where, as_json=as_json) as client:
        plugin = find_plugin(client, where.name(name))
    if not plugin.endpoint_url:
        msg = f"BioT answered {plugin.name} without an endpoint."
        raise NoAnswer(msg, hint="Ask again in a minute: it may still be being created.")
    if as_json:
        print_document({"status": "ok", "name": plugin.name, "endpointUrl": plugin.endpoint_url})
    else:
        print_text(plugin.endpoint_url)
