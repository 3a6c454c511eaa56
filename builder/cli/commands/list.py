"""``biot-plugin list``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import connect, select_environment
from builder.cli.options import json_option, project_options
from builder.cli.output import print_document, print_lines, print_text
from builder.cli.printing.remote_output import describe_plugin, plugin_table
from builder.publishing.remote.search_request import search_request

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="List the plugins of an environment.",
    epilog="""\b
Examples:
  biot-plugin list -e dev
  biot-plugin list -e dev --search "age vitals"
  biot-plugin list -e dev --filter enabledState=DISABLED
  biot-plugin list -e dev --filter name:like=age --filter version:gte=3
  biot-plugin list -e dev --sort lastModifiedTime:DESC --json

\b
Filters and sorts use BioT's own property names: name, displayName, version,
endpointUrl, timeout, runtime, handler, memorySize, enabledState,
creationTime, lastModifiedTime, deploymentPackageType, ephemeralStorage.
""",
)
@project_options
@click.option("text", "--search", metavar="WORDS", help="Only plugins that contain one of the words.")
@click.option(
    "filters",
    "--filter",
    multiple=True,
    metavar="PROP[:OP]=VALUE",
    help="Only plugins that meet this condition. May be repeated. OP: eq (default), not, in, notIn, lt, lte, gt, "
    "gte, like, from, to, isNull, isNotNull. Write lists as a,b,c.",
)
@click.option("sorts", "--sort", multiple=True, metavar="PROP[:DESC]", help="Sort by this property. Default: name.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="Plugins on a page.")
@click.option("--page", type=click.IntRange(0), default=0, show_default=True, help="The page to print, from 0.")
@json_option
def command(  # noqa: PLR0913 - one parameter per option of the command line
    folder: Path,
    environment: str | None,
    *,
    text: str | None,
    filters: tuple[str, ...],
    sorts: tuple[str, ...],
    limit: int,
    page: int,
    as_json: bool,
) -> None:
    """List the plugins of an environment, with BioT's own search, filters and order."""
    try:
        request = search_request(text=text, filters=filters, sorts=sorts, page=page, limit=limit)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    selected = select_environment(folder, environment)
    with connect(selected, as_json=as_json) as client:
        result = client.search(request)
    if as_json:
        plugins = [describe_plugin(plugin) for plugin in result.plugins]
        print_document({"status": "ok", "environment": selected.target.name, "total": result.total, "plugins": plugins})
        return
    if not result.plugins:
        nothing = "no such plugin" if text or filters else "no plugins yet"
        print_text("No such page." if result.total else f"{selected.target.name} has {nothing}.")
        return
    print_lines(plugin_table(result.plugins))
    rest = result.total - page * limit - len(result.plugins)
    if rest > 0:
        print_text(f"{rest} more: --page {page + 1}.")
