"""``biot-plugin lock``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder import pipeline
from builder.cli.options import json_option, project_of, project_options, store_option
from builder.cli.output import print_document, print_lines
from builder.cli.progress_bar import TerminalProgress

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from builder.dependencies.lock.lock_changes import LockChange, LockResult


@click.command(
    short_help="Pin the plugin's dependencies.",
    epilog="""\b
Examples:
  biot-plugin lock             pin new packages, keep the other versions
  biot-plugin lock --upgrade   pin the newest versions that are allowed
""",
)
@project_options
@click.option("--upgrade", is_flag=True, help="Pin the newest allowed versions instead of keeping the locked ones.")
@store_option
@json_option
def command(folder: Path, environment: str | None, *, upgrade: bool, as_json: bool) -> None:
    """Pin the plugin's dependencies for its Lambda runtime, with a hash for each package.

    For Python this writes requirements.lock, and requirements-dev.lock for the plugin's tests. For JavaScript it writes
    package-lock.json. For an IMAGE plugin it also pins the base image in image.lock, unless it is pinned already. No
    code of a package runs, except the builds of packages in [build] allow-sdist.
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
                "added": _describe(result.added),
                "removed": _describe(result.removed),
                "changed": _describe(result.changed),
                "baseImage": result.base or None,
            }
        )
        return
    print_lines(_summary(result))


def _describe(changes: Iterable[LockChange]) -> list[dict[str, object]]:
    return [{"name": change.name, "before": list(change.before), "after": list(change.after)} for change in changes]


def _summary(result: LockResult) -> list[str]:
    base = [f"image.lock: {result.base}."] if result.base else []
    if not result.files:
        return base or ["The plugin has no dependencies: nothing to lock."]
    changes = [
        *(f"  + {change.name} {', '.join(change.after)}" for change in result.added),
        *(f"  - {change.name} {', '.join(change.before)}" for change in result.removed),
        *(f"  ~ {change.name} {', '.join(change.before)} → {', '.join(change.after)}" for change in result.changed),
    ]
    unchanged = ", no version changed, file rewritten" if result.rewritten else ", nothing changed"
    files = " and ".join(file.name for file in result.files)
    noun = "package" if result.packages == 1 else "packages"
    return [*changes, f"{files}: {result.packages} {noun}{'' if changes else unchanged}.", *base]
