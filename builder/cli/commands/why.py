"""``biot-plugin why``."""

from __future__ import annotations

import os

import click

from builder.cli.options import json_option
from builder.cli.output import print_document, print_lines
from builder.cli.printing.chain_output import reason_lines
from builder.publishing.clock import SystemClock


@click.command(
    short_help="Explain why each plugin was or was not called.",
    epilog="""\b
Examples:
  biot-plugin why                explain the newest call
  biot-plugin why 12             explain a call of `biot-plugin activity`
  biot-plugin why 12 --json
""",
)
@click.argument("identifier", metavar="[ID]", required=False)
@json_option
def command(identifier: str | None, *, as_json: bool) -> None:
    """List every subscription that the local BioT considered for a call, and why it was or was not called.

    ID is the number that `activity` prints; without it, the newest call.
    """
    from builder.publishing.remote.local_service import open_local_service

    with open_local_service(os.environ, SystemClock()) as local:
        if identifier is None:
            found = local.get("/activity", {"limit": "1"})["chains"]
            identifier = str(found[0]["number"]) if isinstance(found, list) and found else "unknown"
        chain = local.get(f"/activity/{identifier}" if identifier.isalnum() else "/activity/unknown")
    if as_json:
        considered = chain.get("considered", [])
        print_document(
            {"status": "ok", "title": chain["title"], "considered": considered, "nearest": chain.get("nearest")}
        )
    else:
        print_lines(reason_lines(chain))
