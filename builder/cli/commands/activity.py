"""``biot-plugin activity``."""

from __future__ import annotations

import os

import click

from builder.cli.options import json_option
from builder.cli.output import print_document, print_lines
from builder.cli.printing.chain_output import activity_rows, tree_lines
from builder.publishing.clock import SystemClock
from builder.publishing.remote.local_service import open_local_service


@click.group(
    invoke_without_command=True,
    short_help="Show what happened on the local BioT.",
    epilog="""\b
Examples:
  biot-plugin activity                        the newest calls
  biot-plugin activity --plugin age-calculator --status failed
  biot-plugin activity --hook PRE_REQUEST --since 10m
  biot-plugin activity --text Ann --json
  biot-plugin activity show 12                one call with everything
""",
)
@click.option("plugin", "--plugin", metavar="NAME", help="Only what called this plugin or endpoint.")
@click.option("hook", "--hook", metavar="TYPE", help="Only what has a step of this type, such as PRE_REQUEST.")
@click.option("status", "--status", metavar="STATUS", help="Only this status: 201, 4xx, or failed for failed plugins.")
@click.option("since", "--since", metavar="TIME", help="Only since then: 10m, 2h, 1d, or a time in ISO 8601.")
@click.option("trace", "--trace", metavar="ID", help="Only this trace: everything that one call caused.")
@click.option("text", "--text", metavar="TEXT", help="Only what contains this text, in any request, answer or log.")
@click.option("limit", "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@json_option
@click.pass_context
def command(context: click.Context, /, *, limit: int, as_json: bool, **filters: str | None) -> None:
    """Show API calls, events, schedules and direct calls of the local BioT, the newest first.

    Each has a number, for `activity show` and `why`. An exclamation mark after the status: a plugin failed. The newest
    10,000 are kept, without tokens.
    """
    if context.invoked_subcommand:
        return
    query = {name: value for name, value in filters.items() if value} | {"limit": str(limit)}
    with open_local_service(os.environ, SystemClock()) as local:
        document = local.get("/activity", query)
    chains = document["chains"]
    if as_json:
        print_document({"status": "ok", "chains": chains})
    elif isinstance(chains, list) and chains:
        print_lines(activity_rows(chains))
    else:
        print_lines(["Nothing found. `biot-plugin trigger` causes something."])


@command.command(
    short_help="Show one call with everything.",
    epilog="""\b
Example:
  biot-plugin activity show 12
""",
)
@click.argument("identifier", metavar="ID")
@json_option
def show(identifier: str, *, as_json: bool) -> None:
    """Show one call as a tree: every step, what it changed, its log, and what its plugins caused.

    ID is the number that `activity` prints.
    """
    with open_local_service(os.environ, SystemClock()) as local:
        chain = local.get(f"/activity/{identifier}" if identifier.isalnum() else "/activity/unknown")
    if as_json:
        print_document({"status": "ok", "chain": chain})
    else:
        print_lines(tree_lines(chain))
