"""``biot-plugin check``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from builder import manifest as manifests
from builder import pipeline
from builder.cli.options import json_option, project_of, project_options
from builder.cli.output import describe_problems, print_document, print_problems, print_text

if TYPE_CHECKING:
    from pathlib import Path

    from builder.errors import Problem
    from builder.pipeline import CheckedPlugin


@click.command(
    short_help="Report every problem of plugin.toml and the code.",
    epilog="""\b
Examples:
  biot-plugin check                 check this plugin
  biot-plugin check -e dev          check it as it will be in dev
  biot-plugin check --json | jq .   print JSON
""",
)
@project_options
@json_option
def command(folder: Path, environment: str | None, *, as_json: bool) -> None:
    """Report every problem of plugin.toml, the handler and the plugin's own files.

    The files must parse on the Lambda runtime, import only modules that exist, and contain no secrets. Imports of
    packages are checked once the locked packages are on this machine. With -e NAME, subscriptions are also compared
    with the environment's catalog, if `catalog -e NAME` has fetched it. No code of the plugin runs.

    Exit code 3 if plugin.toml has problems, 4 if the files have.
    """
    checked = pipeline.check(project_of(folder, environment))
    plugin = checked.manifest.plugin
    day, warnings = _compare_with_catalog(checked)
    if as_json:
        print_document(
            {
                "status": "ok",
                "file": str(checked.manifest.file),
                "plugin": manifests.render_config(checked.manifest.plugin),
                "catalog": day or None,
                "warnings": describe_problems(warnings),
            }
        )
        return
    print_problems(warnings)
    print_text(f"{plugin.name} {plugin.version} ({plugin.runtime}, {plugin.handler}): no problems found.")
    if day:
        print_text(f"{environment} has everything that it subscribes to (catalog of {day}).")


def _compare_with_catalog(checked: CheckedPlugin) -> tuple[str, tuple[Problem, ...]]:
    """The day of the environment's catalog, or empty without one, and the warnings that the catalog does not settle."""
    if checked.manifest.environment is None:
        return "", checked.warnings
    from builder.publishing.remote.fetched_catalog import check_subscriptions, without_offline_warnings

    day = check_subscriptions(checked.manifest, os.environ)
    return day, without_offline_warnings(checked.warnings) if day else checked.warnings
