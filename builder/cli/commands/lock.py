"""``biot-plugin lock``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder import pipeline
from builder.cli.options import json_option, project_of, project_options
from builder.cli.output import print_document, print_text
from builder.cli.progress import TerminalProgress

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    epilog="""\b
Examples:
  biot-plugin lock             pin what is new, keep the versions that still fit
  biot-plugin lock --upgrade   the newest versions that the requirements allow
"""
)
@project_options
@click.option("--upgrade", is_flag=True, help="Take the newest versions that fit, not the ones already locked.")
@json_option
def command(folder: Path, environment: str | None, *, upgrade: bool, as_json: bool) -> None:
    """Pin the dependencies for the manifest's runtime, with hashes and without addresses.

    Python: requirements.lock (and requirements-dev.lock for the plugin's own tests). JavaScript: package-lock.json.
    """
    progress = TerminalProgress(quiet=as_json)
    try:
        result = pipeline.lock(project_of(folder, environment), progress, upgrade=upgrade)
    finally:
        progress.close()
    if as_json:
        print_document({"status": "done", **result.describe()})
        return
    print_text(result.summary())
