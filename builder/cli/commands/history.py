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
    short_help="What was published from this machine.",
    epilog="""\b
Examples:
  biot-plugin history           every environment, newest first
  biot-plugin history -e dev    one environment
  biot-plugin history --json    for machines, with digests and reasons
""",
)
@project_options
@json_option
def command(folder: Path, environment: str | None, *, as_json: bool) -> int:
    """What was published from this machine: when, what, from which commit, how it ended, and who did it."""
    from builder import release
    from builder.cli.release_output import describe_entry, history_text, release_context

    entries = release.history(project_of(folder, environment), release_context(TerminalProgress(quiet=as_json)))
    if as_json:
        print_document({"status": "ok", "entries": [describe_entry(entry) for entry in reversed(entries)]})
    else:
        print_lines(history_text(entries) if entries else ["Nothing was published from this machine yet."])
    return 0
