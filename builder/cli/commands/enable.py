"""``biot-plugin enable``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import name_argument
from builder.cli.options import json_option, project_options
from builder.cli.switching import switched

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="Have BioT call a plugin again.",
    epilog="""\b
Examples:
  biot-plugin enable -e dev                 the plugin of plugin.toml
  biot-plugin enable age-calculator -e prod
""",
)
@name_argument
@project_options
@json_option
def command(name: str | None, folder: Path, environment: str | None, *, as_json: bool) -> None:
    """Enable a plugin: BioT calls it for its subscriptions again. Neither code nor version changes."""
    switched(name, folder, environment, enabled=True, as_json=as_json)
