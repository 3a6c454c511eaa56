"""``biot-plugin publish``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.cli.options import json_option, project_of, project_options, store_option
from builder.cli.output import print_lines, print_problems
from builder.cli.printing.own_endpoint_output import own_manifest, run_own
from builder.cli.progress_bar import TerminalProgress
from builder.cli.release_options import every_plugin_options, release_options

if TYPE_CHECKING:
    from builder.cli.release_options import SelectedPlugins
    from builder.release_artifact import PublishRequest


@click.command(
    short_help="Create or update the plugin on BioT.",
    epilog="""\b
Examples:
  biot-plugin publish -e dev                     build and publish
  biot-plugin publish -e dev --artifact dist/my-plugin-1.zip
  biot-plugin publish -e dev --plan plan.json    only what the plan shows
  biot-plugin publish -e dev --disabled-first    enable it as the last step
  biot-plugin publish -e dev --image-tag 1763547779363   an IMAGE plugin
  biot-plugin publish -e dev --without-code      create it with BioT's code
  biot-plugin publish --from staging -e prod     the bytes that staging has
  biot-plugin publish -e dev --all               every plugin below here
  biot-plugin publish -e dev --all --shard 2/4   on the second of 4 machines

\b
The last line says how it ended: done or nothing to do (exit code 0); not
applied, conflict or unknown (exit code 8), with the next step.
""",
)
@project_options
@store_option
@release_options
@click.option(
    "plan_file",
    "--plan",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Publish only what this plan shows. It is an error if BioT or the artifact has changed since.",
)
@click.option(
    "disabled_first",
    "--disabled-first",
    is_flag=True,
    help="Publish the plugin disabled, read it back, then enable it.",
)
@every_plugin_options
@json_option
def command(  # noqa: PLR0913 - one parameter per option
    folder: Path,
    environment: str | None,
    request: PublishRequest,
    plan_file: Path | None,
    selection: SelectedPlugins | None,
    *,
    disabled_first: bool,
    as_json: bool,
) -> int:
    """Create or update the plugin on BioT, unless BioT has it already.

    If an answer leaves a doubt, the plugin is read back, so the result is what BioT really has. Changes that somebody
    else makes at the same time stay. The next publish resolves an interrupted one.

    For a plugin on your own account (hosting = "own"), nothing is built or sent: its endpoint is subscribed and
    unsubscribed until the subscriptions equal plugin.toml.

    With --from, nothing is built: the retained ZIP of what that environment has now is published again, byte for byte.
    If it is unknown what it has, or its bytes are not here, nothing is sent.

    With --all, a problem of one plugin does not stop the others, and the exit code is the worst one. After an
    interruption, the same command continues where it stopped.
    """
    request = replace(request, plan_file=plan_file, disabled_first=disabled_first)
    if selection is not None:
        from builder.cli.printing.batch_release_output import release_all

        return release_all(selection, project_of(selection.root, environment), request, send=True, as_json=as_json)
    if manifest := own_manifest(folder, environment):
        return run_own(manifest, plan_file, send=True, as_json=as_json)
    from builder import release
    from builder.cli.printing.release_output import planned_text, release_context, show_published

    progress = TerminalProgress(quiet=as_json)
    try:
        published = release.publish(project_of(folder, environment), request, release_context(progress))
    finally:
        progress.close()
    if not as_json:
        print_problems(published.planned.prepared.warnings)
        if published.planned.changes_anything:
            print_lines(planned_text(published.planned))
    return show_published(published, as_json=as_json)
