"""``biot-plugin delete``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import aim, connect
from builder.cli.options import json_option, project_options
from builder.cli.output import print_document, print_text
from builder.publishing.clock import SystemClock
from builder.publishing.remote.plugin_actions import delete_plugin, find_plugin

if TYPE_CHECKING:
    from pathlib import Path

    from builder.publishing.api_values import RemotePlugin

_GOES_TOO = "its endpoint URL, its service user, its subscriptions and its code"


@click.command(
    short_help="Delete a plugin from an environment, for good.",
    epilog="""\b
Examples:
  biot-plugin delete age-calculator -e dev          asks for the name again
  biot-plugin delete age-calculator -e dev --yes    for scripts
""",
)
@click.argument("name")
@project_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def command(name: str, folder: Path, environment: str | None, *, yes: bool, as_json: bool) -> None:
    """Delete a plugin for good, with its endpoint URL, its service user, its subscriptions and its code.

    A plugin created later under this name gets another endpoint and another service user. `disable` can be undone.
    """
    where = aim(folder, environment)
    with connect(where, as_json=as_json) as client:
        plugin = find_plugin(client, where.name(name))
        if not yes:
            _confirm(plugin, f"{where.target.name} ({where.target.base_url})")
        delete_plugin(client, plugin, SystemClock())
    if as_json:
        document = {
            "name": plugin.name,
            "fullName": plugin.full_name,
            "version": plugin.version,
            "endpointUrl": plugin.endpoint_url,
        }
        place = {"environment": where.target.name}
        print_document({"status": "done", "verdict": "done", **place, "deleted": document})
    else:
        print_text(f"{plugin.full_name} is deleted from {where.target.name}, and with it {_GOES_TOO}.")


def _confirm(plugin: RemotePlugin, place: str) -> None:
    if not sys.stdin.isatty():
        msg = "There is no terminal to ask on; add --yes to delete without asking."
        raise click.UsageError(msg)
    print_text(f"This deletes {plugin.full_name}, version {plugin.version}, from {place} for good,")
    print_text(f"and with it {_GOES_TOO}. Whoever calls {plugin.endpoint_url or 'it'} gets an error.")
    if click.prompt("The plugin's name, to delete it").strip() not in {plugin.name, plugin.full_name}:
        msg = "That is another name: nothing was deleted."
        raise click.UsageError(msg)
