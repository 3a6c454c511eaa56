"""``biot-plugin subscriptions``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import connect, select_environment
from builder.cli.options import json_option, project_options
from builder.cli.output import print_document, print_lines, print_text
from builder.cli.printing.remote_output import subscription_table
from builder.publishing.remote.endpoint_subscriptions import disabled_subscribers, list_subscriptions

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="List the subscriptions of an environment.",
    epilog="""\b
Examples:
  biot-plugin subscriptions -e dev
  biot-plugin subscriptions -e dev --endpoint https://my.host/hook
  biot-plugin subscriptions -e dev --endpoint "$(biot-plugin endpoint -e dev)"
""",
)
@project_options
@click.option("--endpoint", metavar="URL", help="Only the subscriptions of this endpoint.")
@json_option
def command(folder: Path, environment: str | None, *, endpoint: str | None, as_json: bool) -> None:
    """List the subscriptions of an environment: those of plugins, and those of endpoints outside BioT.

    BioT calls the interceptors of one API by their order, the lowest number first.
    """
    selected = select_environment(folder, environment)
    with connect(selected, as_json=as_json) as client:
        notifications = list_subscriptions(client.dispatcher, "notifications", endpoint)
        interceptions = list_subscriptions(client.dispatcher, "interceptions", endpoint)
        empty = not notifications and not interceptions
        disabled = disabled_subscribers(client, endpoint) if empty else ()
    if as_json:
        rows = {"interceptions": list(interceptions), "notifications": list(notifications)}
        print_document({"status": "ok", "environment": selected.target.name, **rows, "disabledPlugins": list(disabled)})
    elif not empty:
        print_lines(subscription_table(notifications, interceptions))
    elif disabled:
        print_text("No active subscriptions. A disabled plugin has some, which start once it is enabled:")
        print_lines(f"  biot-plugin enable {name} -e {selected.target.name}" for name in disabled)
    else:
        print_text("No subscriptions found.")
