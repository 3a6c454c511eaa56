"""``biot-plugin list``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import aim, connect
from builder.cli.options import json_option, project_options
from builder.cli.output import print_document, print_lines, print_text
from builder.cli.remote_output import describe_plugin, plugin_table
from builder.publishing.remote.search_request import search_request

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="The plugins of an environment.",
    epilog="""\b
Examples:
  biot-plugin list -e dev
  biot-plugin list -e dev --search "age vitals"     one of the words occurs
  biot-plugin list -e dev --filter enabledState=DISABLED
  biot-plugin list -e dev --filter name:like=age --filter version:gte=3
  biot-plugin list -e dev --sort lastModifiedTime:DESC --json

\b
Filters and sorts take BioT's own names: name, displayName, version,
endpointUrl, timeout, runtime, handler, memorySize, enabledState,
creationTime, lastModifiedTime, deploymentPackageType, ephemeralStorage.
""",
)
@project_options
@click.option("text", "--search", metavar="WORDS", help="Plugins in which one of the words occurs.")
@click.option(
    "filters",
    "--filter",
    multiple=True,
    metavar="PROP[:OP]=VALUE",
    help="Condition; all have to hold. OP: eq (default), not, in, notIn, lt, lte, gt, gte, like, from, to, isNull, "
    "isNotNull. Lists are a,b,c.",
)
@click.option("sorts", "--sort", multiple=True, metavar="PROP[:DESC]", help="Order; default: by name.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="Plugins per page.")
@click.option("--page", type=click.IntRange(0), default=0, show_default=True, help="Which page.")
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
    """List the plugins of an environment, as the Console does. Exit code 8 when BioT does not answer."""
    try:
        asked = search_request(text=text, filters=filters, sorts=sorts, page=page, limit=limit)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    where = aim(folder, environment)
    with connect(where, as_json=as_json) as client:
        found = client.search(asked)
    if as_json:
        plugins = [describe_plugin(plugin) for plugin in found.plugins]
        print_document({"status": "ok", "environment": where.target.name, "total": found.total, "plugins": plugins})
        return
    if not found.plugins:
        none = "no such plugin" if text or filters else "no plugins yet"
        print_text("There is no such page." if found.total else f"{where.target.name} has {none}.")
        return
    print_lines(plugin_table(found.plugins))
    rest = found.total - page * limit - len(found.plugins)
    if rest > 0:
        print_text(f"{rest} more: --page {page + 1}.")
