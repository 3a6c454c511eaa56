"""``biot-plugin plan``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.cli.options import json_option, project_of, project_options, store_option
from builder.cli.output import print_document, print_lines, print_problems
from builder.cli.printing.own_endpoint_output import own_manifest, run_own
from builder.cli.progress_bar import TerminalProgress
from builder.cli.release_options import every_plugin_options, release_options

if TYPE_CHECKING:
    from builder.cli.release_options import SelectedPlugins
    from builder.release_artifact import PublishRequest


@click.command(
    short_help="Show what publishing would change.",
    epilog="""\b
Examples:
  biot-plugin plan -e dev                    build, and compare with BioT
  biot-plugin plan -e dev --artifact dist/my-plugin-1.zip
  biot-plugin plan -e dev --out plan.json    save it for `publish --plan`
  biot-plugin plan -e dev --json             print JSON
  biot-plugin plan --from staging -e prod    with the bytes that staging has
  biot-plugin plan -e dev --all              every plugin below here
  biot-plugin plan -e dev --all --json | jq -c .changed    for a CI matrix

\b
Exit codes: 0 nothing to do, 10 publishing would change something, 8 BioT did
not answer, or cannot do what plugin.toml asks for.
""",
)
@project_options
@store_option
@release_options
@click.option(
    "out", "--out", type=click.Path(dir_okay=False, path_type=Path), help="Save the plan to a file for publish --plan."
)
@every_plugin_options
@json_option
def command(  # noqa: PLR0913 - one parameter per option
    folder: Path,
    environment: str | None,
    request: PublishRequest,
    out: Path | None,
    selection: SelectedPlugins | None,
    *,
    as_json: bool,
) -> int:
    """Show what publishing would change, field by field, and change nothing.

    Code is compared by the digest that BioT stores in PLUGIN_TREE_DIGEST. Values of environment variables are
    compared, but never shown.

    For a plugin on your own account (hosting = "own"), it shows which subscriptions of its endpoint would change.

    With --all, a problem of one plugin does not stop the others, and any failure decides the exit code.
    """
    if selection is not None:
        from builder.cli.printing.batch_release_output import release_all

        return release_all(selection, project_of(selection.root, environment), request, send=False, as_json=as_json)
    if manifest := own_manifest(folder, environment):
        return run_own(manifest, out, send=False, as_json=as_json)
    from builder import release
    from builder.cli.printing.release_output import CHANGES_EXIT, describe_planned, planned_text, release_context

    progress = TerminalProgress(quiet=as_json)
    try:
        planned = release.plan(project_of(folder, environment), request, release_context(progress), out=out)
    finally:
        progress.close()
    if as_json:
        print_document(describe_planned(planned))
    else:
        print_problems(planned.prepared.warnings)
        print_lines(planned_text(planned))
    return CHANGES_EXIT if planned.changes_anything else 0
