"""``biot-plugin rollback``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.options import json_option, project_of, project_options
from builder.cli.output import print_lines
from builder.cli.progress_bar import TerminalProgress
from builder.platform.limits import VERSION_MAX, VERSION_MIN

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="Publish an earlier release again.",
    epilog="""\b
Examples:
  biot-plugin rollback -e dev           go back to the code before this one
  biot-plugin rollback -e dev --to 3    go back to version 3

\b
The machine that published a plugin keeps its last 10 releases with their
settings. `biot-plugin history` lists them. If BIOT_PLUGIN_RECORDS names a
folder or s3://BUCKET/PREFIX, every machine can go back to them.
""",
)
@project_options
@click.option("version", "--to", type=click.IntRange(VERSION_MIN, VERSION_MAX), help="The version to go back to.")
@json_option
def command(folder: Path, environment: str | None, version: int | None, *, as_json: bool) -> int:
    """Publish an earlier release again, with its code and its settings.

    Nothing is built. Versions of BioT only grow, so the code of version 3 becomes a new version, such as 6.
    """
    from builder import release
    from builder.cli.printing.release_output import planned_text, release_context, show_published

    progress = TerminalProgress(quiet=as_json)
    try:
        published = release.rollback(project_of(folder, environment), release_context(progress), version=version)
    finally:
        progress.close()
    if not as_json and published.planned.changes_anything:
        print_lines(planned_text(published.planned))
    return show_published(published, as_json=as_json)
