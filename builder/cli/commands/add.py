"""``biot-plugin add``."""

from __future__ import annotations

from pathlib import Path

import click

import scaffold
from builder.cli.options import json_option
from builder.cli.output import print_document, print_lines, print_text


@click.command(
    short_help="Add a hook to a plugin repository.",
    epilog="""\b
Examples:
  biot-plugin add interceptor_pre            source, event, tests, manifest
  biot-plugin add interceptor_pre --dry-run  show the changes, make none
""",
)
@click.argument("hook", type=click.Choice(scaffold.HOOKS))
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@json_option
def command(hook: str, folder: Path, *, dry_run: bool, as_json: bool) -> None:
    """Add a hook to the generated plugin in FOLDER: its source, event, tests and lines in plugin.toml.

    What you wrote stays. If you and the templates changed the same lines, the command writes conflict markers into the
    files and lists them as an error.
    """
    addition = scaffold.add_hook(folder, hook, dry_run=dry_run)
    if as_json:
        print_document(
            {
                "status": "unchanged" if not addition.added else "planned" if dry_run else "done",
                "folder": str(addition.folder),
                "hooks": list(addition.hooks),
                "added": list(addition.added),
                "changed": list(addition.changed),
            }
        )
    elif not addition.added:
        print_text(f"The plugin already has the hook {hook}.")
    elif dry_run:
        print_lines([*addition.difference.splitlines(), "", "Nothing was changed, because of --dry-run."])
    else:
        print_lines(_summary(hook, addition))


def _summary(hook: str, addition: scaffold.HookAddition) -> list[str]:
    return [
        f"Added the hook {hook}.",
        "",
        *(f"  new      {name}" for name in addition.added),
        *(f"  changed  {name}" for name in addition.changed),
        "",
        f"Write your code in src/plugin/perform/{hook}.*, and check its subscription in plugin.toml. Then run tox.",
    ]
