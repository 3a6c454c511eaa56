"""``biot-plugin logs``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.browser_links import told_link
from builder.cli.connection_options import aim, connect, name_argument
from builder.cli.options import json_option, project_options
from builder.errors import PublishError
from builder.publishing.remote.console_links import logs_link
from builder.publishing.remote.plugin_actions import find_plugin

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="Print the link to a plugin's logs in CloudWatch.",
    epilog="""\b
Examples:
  biot-plugin logs -e dev               print it
  biot-plugin logs -e dev --browser     and open it
""",
)
@name_argument
@project_options
@click.option("--browser", is_flag=True, help="Open it too; only https links of the AWS console are opened.")
@json_option
def command(name: str | None, folder: Path, environment: str | None, *, browser: bool, as_json: bool) -> None:
    """Print the link to a plugin's logs in AWS CloudWatch, like the Console's Open Logs.

    BioT has no API for logs: the link is made from the one to the function. Seeing them takes a user of BioT's AWS
    account.
    """
    where = aim(folder, environment)
    with connect(where, as_json=as_json) as client:
        plugin = find_plugin(client, where.name(name))
    link = logs_link(plugin.console_url, plugin.full_name)
    if link is None:
        msg = f"{plugin.name} has no logs in AWS: its link {plugin.console_url or ''} is none of the AWS console."
        raise PublishError(msg, hint=f"Look in CloudWatch for the log group /aws/lambda/{plugin.full_name}.")
    told_link(plugin, link, browser=browser, as_json=as_json)
