"""What commands about one plugin of an environment share: enable and disable, open and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import connect, name_argument, select_environment
from builder.cli.options import json_option, project_options
from builder.cli.output import print_document, print_text
from builder.cli.printing.remote_output import describe_plugin
from builder.errors import PublishError
from builder.manifest.environments import LOCAL
from builder.publishing.clock import SystemClock
from builder.publishing.remote.console_links import is_console
from builder.publishing.remote.plugin_actions import find_plugin, set_enabled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from builder.cli.connection_options import SelectedEnvironment
    from builder.publishing.api_values import RemotePlugin


def state_command(verb: str, effect: str, *, enabled: bool) -> click.Command:
    """``enable`` or ``disable``.

    Args:
        verb: The command's name.
        effect: What it does, as the first paragraph of ``--help``.
        enabled: The state that the plugin gets.
    """

    @click.command(
        verb,
        short_help=f"{verb.capitalize()} a plugin.",
        help=f"{effect} Its code and version do not change.",
        epilog=f"""\b
Examples:
  biot-plugin {verb} -e dev                   the plugin of plugin.toml
  biot-plugin {verb} age-calculator -e prod   another plugin
""",
    )
    @name_argument
    @project_options
    @json_option
    def command(name: str | None, folder: Path, environment: str | None, *, as_json: bool) -> None:
        selected = select_environment(folder, environment)
        with connect(selected, as_json=as_json) as client:
            plugin = find_plugin(client, selected.plugin_name(name))
            act = set_enabled(client, plugin, enabled=enabled, clock=SystemClock())
        status = "done" if act.changed else "nothing-to-do"
        if as_json:
            described = describe_plugin(act.plugin)
            environment_name = selected.target.name
            print_document({"status": status, "verdict": status, "environment": environment_name, "plugin": described})
            return
        result = f"is now {verb}d." if act.changed else f"is already {verb}d: nothing to do."
        print_text(f"{act.plugin.name} in {selected.target.name} {result}")

    return command


def show_link(
    selected: SelectedEnvironment,
    name: str | None,
    link_of: Callable[[RemotePlugin], str],
    *,
    browser: bool,
    as_json: bool,
) -> None:
    """Print a link to a page about a plugin, and open it on request.

    Args:
        selected: The environment.
        name: The plugin; None for the one of plugin.toml.
        link_of: Gives the link, or raises ``PublishError``.
        browser: Whether to open it.
        as_json: Whether to print JSON.
    """
    with connect(selected, as_json=as_json) as client:
        plugin = find_plugin(client, selected.plugin_name(name))
    link = link_of(plugin)
    if browser and not is_console(link):
        raise _not_opened(link, local=selected.target.name == LOCAL)
    if as_json:
        print_document({"status": "ok", "name": plugin.name, "url": link})
    else:
        print_text(link)
    if browser:
        _open_browser(link)


def _not_opened(link: str, *, local: bool) -> PublishError:
    if local:
        msg = f"The link was not opened: a local plugin has no page in the AWS console ({link})."
        return PublishError(msg, hint="Leave --browser out to print the link only.")
    msg = f"The link was not opened, because it is not an https link to the AWS console: {link}"
    return PublishError(msg, hint="Open it yourself if you trust it.")


def _open_browser(link: str) -> None:
    import webbrowser

    if not webbrowser.open(link):
        msg = "No browser found on this machine."
        raise PublishError(msg, hint="Copy the link into a browser elsewhere.")
