"""``biot-plugin open``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.browser_links import told_link
from builder.cli.connection_options import aim, connect, name_argument
from builder.cli.options import json_option, project_options
from builder.publishing.failures import NoAnswer
from builder.publishing.remote.plugin_actions import find_plugin

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="Print the link to a plugin in the AWS console.",
    epilog="""\b
Examples:
  biot-plugin open -e dev               print it
  biot-plugin open -e dev --browser     and open it
""",
)
@name_argument
@project_options
@click.option("--browser", is_flag=True, help="Open it too; only https links of the AWS console are opened.")
@json_option
def command(name: str | None, folder: Path, environment: str | None, *, browser: bool, as_json: bool) -> None:
    """Print the link to a plugin's function in the AWS console, like the Console's Open in AWS.

    Seeing it takes a user of BioT's AWS account.
    """
    where = aim(folder, environment)
    with connect(where, as_json=as_json) as client:
        plugin = find_plugin(client, where.name(name))
    if not plugin.console_url:
        msg = f"BioT answered {plugin.name} without a link to AWS."
        raise NoAnswer(msg, hint="Ask again in a minute: it may still be being created.")
    told_link(plugin, plugin.console_url, browser=browser, as_json=as_json)
