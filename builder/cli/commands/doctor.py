"""``biot-plugin doctor``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from builder import __version__
from builder.cli.connection_options import aim, ask_code
from builder.cli.options import json_option, project_options
from builder.cli.output import describe_failure, print_document, print_text
from builder.errors import KitError, ProjectError, PublishError
from builder.publishing.clock import SystemClock
from builder.publishing.remote.health import HealthCheck, HealthState, check_environment, check_tools

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builder.cli.connection_options import Aim


@click.command(
    short_help="Check tools, credentials and the way to BioT.",
    epilog="""\b
Examples:
  biot-plugin doctor              what is on this machine
  biot-plugin doctor -e dev       and the way to an environment
  biot-plugin doctor -e dev --json | jq '.checks[] | select(.state != "ok")'
""",
)
@project_options
@json_option
def command(folder: Path, environment: str | None, *, as_json: bool) -> int:
    """Check tools, and with -e NAME address, certificates, BioT's release, clocks, credentials and permission.

    Credentials are told by their kind and where they were found, never by their value. Nothing is changed.
    Exit code 8 when something would keep a publish from working.
    """
    checks = tuple(_checks(folder, environment))
    problems = [check for check in checks if check.state is HealthState.PROBLEM]
    code = PublishError.exit_code if problems else 0
    if as_json:
        first = problems[0] if problems else None
        status = describe_failure(first.kind, code, first.message, first.hint) if first else {"status": "ok"}
        print_document({**status, "kit": __version__, "checks": [_describe(check) for check in checks]})
        return code
    width = max(len(check.name) for check in checks)
    for check in checks:
        print_text(f"{check.state.value.ljust(7)}  {check.name.ljust(width)}  {check.message}")
        if check.hint:
            print_text(f"{' ' * (width + 11)}{check.hint}")
    return code


def _checks(folder: Path, environment: str | None) -> Iterator[HealthCheck]:
    where: Aim | None = None
    failure: KitError | None = None
    if environment is not None:
        try:
            where = aim(folder, environment, sound=True)
        except KitError as error:
            failure = error
    yield from check_tools(javascript=_needs_node(where))
    if failure is not None:
        yield _unaimed(failure)
    if where is not None:
        asks = ask_code if sys.stdin.isatty() and sys.stderr.isatty() else None
        yield from check_environment(where.target, os.environ, where.folder, SystemClock(), ask_code=asks)


def _describe(check: HealthCheck) -> dict[str, str]:
    """One check as JSON."""
    return {
        "what": check.name,
        "state": check.state.value,
        "told": check.message,
        "hint": check.hint,
        "kind": check.kind,
    }


def _needs_node(where: Aim | None) -> bool:
    return bool(where and where.plugin and where.plugin.runtime.startswith("nodejs"))


def _unaimed(error: KitError) -> HealthCheck:
    name = "environment" if isinstance(error, PublishError) else "plugin.toml"
    hint = error.hint or "`biot-plugin check` tells every problem with its place."
    kind = (
        error.kind if isinstance(error, PublishError) else "project" if isinstance(error, ProjectError) else "manifest"
    )
    return HealthCheck(name=name, state=HealthState.PROBLEM, message=error.message, hint=hint, kind=kind)
