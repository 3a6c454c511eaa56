"""``biot-plugin open``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import name_argument, select_environment
from builder.cli.options import json_option, project_options
from builder.cli.plugin_commands import show_link
from builder.publishing.failures import NoAnswer

if TYPE_CHECKING:
    from pathlib import Path

    from builder.publishing.api_values import RemotePlugin


@click.command(
    short_help="Print the link to a plugin's page in the AWS console.",
    epilog="""\b
Examples:
  biot-plugin open -e dev               print the link
  biot-plugin open -e dev --browser     print it and open it
""",
)
@name_argument
@project_options
@click.option("--browser", is_flag=True, help="Also open the link, if it is an https link to the AWS console.")
@json_option
def command(name: str | None, folder: Path, environment: str | None, *, browser: bool, as_json: bool) -> None:
    """Print the link to a plugin's page in the AWS console.

    It is the link of Open in AWS in BioT's Console. You need a user of BioT's AWS account to see the page.
    """
    show_link(select_environment(folder, environment), name, _console_link, browser=browser, as_json=as_json)


def _console_link(plugin: RemotePlugin) -> str:
    if not plugin.console_url:
        msg = f"BioT answered {plugin.name} without a link to AWS."
        raise NoAnswer(msg, hint="Try again in a minute: BioT may still be creating the plugin.")
    return plugin.console_url
