"""``biot-plugin lock``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from builder import pipeline
from builder.cli.options import json_option, project_of, project_options, store_option
from builder.cli.output import print_document, print_lines
from builder.cli.progress_bar import TerminalProgress

if TYPE_CHECKING:
    from pathlib import Path

    from builder.dependencies.lock.lock_changes import LockResult


@click.command(
    short_help="Pin the dependencies for the runtime.",
    epilog="""\b
Examples:
  biot-plugin lock             pin what is new, keep versions that still fit
  biot-plugin lock --upgrade   the newest versions that the requirements allow
""",
)
@project_options
@click.option("--upgrade", is_flag=True, help="Take the newest versions that fit, not the ones already locked.")
@store_option
@json_option
def command(folder: Path, environment: str | None, *, upgrade: bool, as_json: bool) -> None:
    """Pin the dependencies for the manifest's runtime, with hashes and without addresses.

    Python: requirements.lock (and requirements-dev.lock for the plugin's own tests). JavaScript: package-lock.json.
    Nothing of a package is run, but the build of those that [build] allow-sdist names.
    """
    progress = TerminalProgress(quiet=as_json)
    try:
        result = pipeline.lock(project_of(folder, environment), progress, upgrade=upgrade)
    finally:
        progress.close()
    if as_json:
        print_document(
            {
                "status": "done",
                "files": [str(file) for file in result.files],
                "packages": result.packages,
                "added": [asdict(change) for change in result.added],
                "removed": [asdict(change) for change in result.removed],
                "changed": [asdict(change) for change in result.changed],
            }
        )
        return
    print_lines(_summary(result))


def _summary(result: LockResult) -> list[str]:
    if not result.files:
        return ["The plugin has no dependencies: there is nothing to lock."]
    changes = [
        *(f"  + {change.name} {', '.join(change.after)}" for change in result.added),
        *(f"  - {change.name} {', '.join(change.before)}" for change in result.removed),
        *(f"  ~ {change.name} {', '.join(change.before)} → {', '.join(change.after)}" for change in result.changed),
    ]
    unchanged = ", no versions changed, the file was rewritten" if result.rewritten else ", nothing changed"
    files = " and ".join(file.name for file in result.files)
    return [*changes, f"{files}: {result.packages} packages{'' if changes else unchanged}."]
