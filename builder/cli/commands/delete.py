"""``biot-plugin delete``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import connect, select_environment
from builder.cli.options import json_option, project_options
from builder.cli.output import print_document, print_text
from builder.cli.terminal import can_read_answers
from builder.publishing.clock import SystemClock
from builder.publishing.remote.plugin_actions import delete_plugin, find_plugin

if TYPE_CHECKING:
    from pathlib import Path

    from builder.publishing.api_values import RemotePlugin

_BELONGINGS = "its endpoint URL, service user, subscriptions and code"


@click.command(
    short_help="Delete a plugin permanently.",
    epilog="""\b
Examples:
  biot-plugin delete age-calculator -e dev          asks you to confirm
  biot-plugin delete age-calculator -e dev --yes    does not ask
""",
)
@click.argument("name")
@project_options
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
def command(name: str, folder: Path, environment: str | None, *, yes: bool, as_json: bool) -> None:
    """Delete a plugin permanently, with its endpoint URL, service user, subscriptions and code.

    A new plugin of the same name gets another endpoint and another service user. To stop a plugin for a while, use
    `disable`.
    """
    selected = select_environment(folder, environment)
    with connect(selected, as_json=as_json) as client:
        plugin = find_plugin(client, selected.plugin_name(name))
        if not yes:
            _confirm(plugin, f"{selected.target.name} ({selected.target.base_url})")
        delete_plugin(client, plugin, SystemClock())
    if as_json:
        deleted = {
            "name": plugin.name,
            "fullName": plugin.full_name,
            "version": plugin.version,
            "endpointUrl": plugin.endpoint_url,
        }
        environment_name = selected.target.name
        print_document({"status": "done", "verdict": "done", "environment": environment_name, "deleted": deleted})
    else:
        print_text(f"Deleted {plugin.full_name} from {selected.target.name}, with {_BELONGINGS}.")


def _confirm(plugin: RemotePlugin, place: str) -> None:
    if not can_read_answers():
        msg = "No terminal to confirm on. Use --yes to delete without confirmation."
        raise click.UsageError(msg)
    print_text(f"This permanently deletes {plugin.full_name}, version {plugin.version}, from {place},")
    print_text(f"with {_BELONGINGS}. Calls to {plugin.endpoint_url or 'it'} will fail.")
    if click.prompt("Type the plugin's name to delete it").strip() not in {plugin.name, plugin.full_name}:
        msg = "The name does not match: nothing was deleted."
        raise click.UsageError(msg)
