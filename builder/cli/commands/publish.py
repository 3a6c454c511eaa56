"""``biot-plugin publish``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.cli.options import json_option, project_of, project_options, store_option
from builder.cli.output import print_lines, print_problems
from builder.cli.progress_bar import TerminalProgress
from builder.cli.release_options import release_options

if TYPE_CHECKING:
    from builder.release_artifact import PublishRequest


@click.command(
    short_help="Bring the plugin to BioT.",
    epilog="""\b
Examples:
  biot-plugin publish -e dev                     build, create or update
  biot-plugin publish -e dev --artifact dist/my-plugin-1.zip
  biot-plugin publish -e dev --plan plan.json    only what that plan says
  biot-plugin publish -e dev --disabled-first    switch it on at the very end
  biot-plugin publish -e dev --image-tag 1763547779363   an IMAGE plugin
  biot-plugin publish -e dev --without-code      new, with BioT's seed code

\b
Ends in one of: done, nothing to do (both exit code 0), not applied, conflict,
unknown (exit code 8; what to do next is said).
""",
)
@project_options
@store_option
@release_options
@click.option(
    "plan_file",
    "--plan",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Publish only what this plan says; refuse when the platform or the artifact has moved since.",
)
@click.option(
    "disabled_first", "--disabled-first", is_flag=True, help="Publish switched off, read it back, then switch it on."
)
@json_option
def command(  # noqa: PLR0913 - one parameter per option
    folder: Path,
    environment: str | None,
    request: PublishRequest,
    plan_file: Path | None,
    *,
    disabled_first: bool,
    as_json: bool,
) -> int:
    """Create or update the plugin on BioT, unless BioT has it already.

    After every answer that leaves a doubt the plugin is read back, so the ending says what is so. What somebody else
    changed meanwhile is left alone. An interrupted publish is settled by the next one.
    """
    from builder import release
    from builder.cli.release_output import planned_text, release_context, show_published

    progress = TerminalProgress(quiet=as_json)
    request = replace(request, plan_file=plan_file, disabled_first=disabled_first)
    try:
        published = release.publish(project_of(folder, environment), request, release_context(progress))
    finally:
        progress.close()
    if not as_json:
        print_problems(published.planned.prepared.warnings)
        if published.planned.changes_anything:
            print_lines(planned_text(published.planned))
    return show_published(published, as_json=as_json)
