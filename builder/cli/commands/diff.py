"""``biot-plugin diff``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import connect, name_argument, select_environment
from builder.cli.options import json_option, project_option
from builder.cli.output import print_document, print_lines
from builder.cli.printing.release_output import CHANGES_EXIT, change_line
from builder.publishing.planning.compared_plugins import compare_plugins
from builder.publishing.planning.saved_plan import describe_change
from builder.publishing.remote.plugin_actions import find_plugin

if TYPE_CHECKING:
    from pathlib import Path

    from builder.publishing.api_values import RemotePlugin
    from builder.publishing.planning.compared_plugins import PluginComparison


@click.command(
    short_help="Compare a plugin in two environments.",
    epilog="""\b
Examples:
  biot-plugin diff staging prod                   the plugin of plugin.toml
  biot-plugin diff staging prod age-calculator    another plugin
  biot-plugin diff staging prod --json | jq .changes

\b
Exit codes: 0 no difference, 10 differences, 8 BioT did not answer, or an
environment does not have the plugin.
""",
)
@click.argument("first", metavar="ENVIRONMENT")
@click.argument("second", metavar="ENVIRONMENT")
@name_argument
@project_option
@json_option
def command(first: str, second: str, name: str | None, folder: Path, *, as_json: bool) -> int:
    """Compare a plugin in two environments: its code, settings, subscriptions and their order.

    A line with + is only in the second environment, one with - only in the first. Values of environment variables are
    compared, but never shown. Versions are not compared: every environment counts them for itself.
    """
    plugins = []
    for environment in (first, second):
        selected = select_environment(folder, environment)
        with connect(selected, as_json=as_json) as client:
            plugins.append(find_plugin(client, selected.plugin_name(name)))
    compared = compare_plugins(plugins[0], plugins[1])
    sides = list(zip((first, second), plugins, strict=True))
    if as_json:
        print_document(_describe(sides, compared))
    else:
        print_lines(_text(sides, compared))
    return CHANGES_EXIT if compared.changes else 0


def _describe(sides: list[tuple[str, RemotePlugin]], compared: PluginComparison) -> dict[str, object]:
    return {
        "status": "changes" if compared.changes else "nothing-to-do",
        "exitCode": CHANGES_EXIT if compared.changes else 0,
        "plugin": sides[0][1].name,
        "environments": [
            {"name": name, "version": plugin.version, "treeDigest": plugin.tree_digest} for name, plugin in sides
        ],
        "sameCode": compared.same_code,
        "changes": [describe_change(change) for change in compared.changes],
    }


def _text(sides: list[tuple[str, RemotePlugin]], compared: PluginComparison) -> list[str]:
    versions = ", ".join(f"version {plugin.version} in {name}" for name, plugin in sides)
    name = sides[0][1].name
    lines = [f"{name}: {versions}", *map(change_line, compared.changes)]
    if not compared.changes:
        lines.append("  No difference in settings and subscriptions.")
    if compared.same_code is None:
        lines.append("  note: whether the code is the same is unknown, because it was not published by this kit.")
    elif compared.same_code:
        lines.append("  The code is the same.")
    return lines
