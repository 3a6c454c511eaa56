"""``biot-plugin history``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.options import json_option, project_of, project_options
from builder.cli.output import print_document, print_lines
from builder.cli.progress_bar import TerminalProgress

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="List what was published, and how it ended.",
    epilog="""\b
Examples:
  biot-plugin history           all environments, newest first
  biot-plugin history -e dev    one environment
  biot-plugin history --json    with digests and reasons, as JSON

\b
If BIOT_PLUGIN_RECORDS names a folder or s3://BUCKET/PREFIX, also what other
machines published with it: the newest 100 of each environment.
""",
)
@project_options
@json_option
def command(folder: Path, environment: str | None, *, as_json: bool) -> int:
    """List what was published from this machine, and by the team if it shares its records.

    Each entry has the time, the versions, the commit, the result, the environment and the publisher.
    """
    from builder import release
    from builder.cli.printing.release_output import describe_entry, history_text, release_context

    entries = release.history(project_of(folder, environment), release_context(TerminalProgress(quiet=as_json)))
    if as_json:
        print_document({"status": "ok", "entries": [describe_entry(entry) for entry in reversed(entries)]})
    else:
        print_lines(history_text(entries) if entries else ["Nothing has been published from this machine yet."])
    return 0
