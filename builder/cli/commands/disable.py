"""``biot-plugin disable``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import name_argument
from builder.cli.options import json_option, project_options
from builder.cli.switching import switched

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="Have BioT no longer call a plugin.",
    epilog="""\b
Examples:
  biot-plugin disable -e dev                the plugin of plugin.toml
  biot-plugin disable age-calculator -e prod
""",
)
@name_argument
@project_options
@json_option
def command(name: str | None, folder: Path, environment: str | None, *, as_json: bool) -> None:
    """Disable a plugin without deleting it: BioT no longer calls it. Neither code nor version changes."""
    switched(name, folder, environment, enabled=False, as_json=as_json)
