"""``biot-plugin activity``."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

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
  biot-plugin activity save 12                its event for your tests
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
    100,000 are kept, without tokens.
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


@command.command(
    short_help="Save a call of your plugin as an event for its tests.",
    epilog="""\b
Examples:
  biot-plugin activity save 12
  biot-plugin activity save 12 --name nurse_created --step 2
""",
)
@click.argument("identifier", metavar="ID")
@click.option("name", "--name", metavar="NAME", help="The name of the file. Default: hook, entity and action.")
@click.option("step", "--step", type=click.IntRange(1), default=1, help="Which call of a plugin. Default: the first.")
@click.option("force", "--force", is_flag=True, help="Replace a file with this name.")
@click.option(
    "folder",
    "--project",
    "-p",
    type=click.Path(exists=True, path_type=Path),
    default=".",
    help="The plugin's folder. Default: this folder or the nearest parent with a plugin.toml.",
)
@json_option
def save(  # noqa: PLR0913 - one parameter per option of the command line
    identifier: str, name: str | None, step: int, folder: Path, *, force: bool, as_json: bool
) -> None:
    """Save what a plugin received in a call as `events/NAME.json`, with a test that calls the plugin with it.

    The test expects the status that the plugin answered. A folder without the tests of a generated plugin gets only
    the event.

    Every value is replaced by a pseudonym before anything is written: no name, no id, no finding, no token is left.
    Names of templates, and states that BioT defines, stay.
    """
    from builder.manifest import find_manifest
    from sandbox.event_files.fixture_files import write_fixture
    from sandbox.event_files.saved_events import saved_event

    project = find_manifest(folder.resolve()).parent
    with open_local_service(os.environ, SystemClock()) as local:
        chain = local.get(f"/activity/{identifier}" if identifier.isalnum() else "/activity/unknown")
    saved = saved_event(chain, step_number=step)
    named = replace(saved, name=_file_name(name or saved.name))
    try:
        written = write_fixture(project, named, int(str(chain["number"])), replace=force)
    except FileExistsError as error:
        message = f"{error} exists already. Choose another --name, or replace it with --force."
        raise click.UsageError(message) from error
    if as_json:
        test = str(written.test) if written.test else None
        print_document({"status": "done", "file": str(written.event), "test": test})
    else:
        called = f"`biot-plugin invoke {written.event.stem}` calls the plugin with it."
        print_lines([*(str(file) for file in written.files), called])


def _file_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", name):
        message = f"{name!r} is not the name of a file: use letters, digits, - and _."
        raise click.BadParameter(message, param_hint="--name")
    return name
