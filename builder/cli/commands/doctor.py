"""``biot-plugin doctor``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from builder import __version__
from builder.cli.connection_options import select_environment
from builder.cli.options import json_option, project_options
from builder.cli.output import describe_failure, print_document, print_text
from builder.cli.printing.own_endpoint_output import own_manifest
from builder.cli.terminal import code_prompt
from builder.errors import KitError, PublishError
from builder.publishing.clock import SystemClock
from builder.publishing.remote.health import HealthCheck, HealthState, check_environment, check_tools

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builder.cli.connection_options import SelectedEnvironment


@click.command(
    short_help="Check tools, credentials and the connection to BioT.",
    epilog="""\b
Examples:
  biot-plugin doctor              check this machine
  biot-plugin doctor -e dev       and the connection to an environment
  biot-plugin doctor -e dev --json | jq '.checks[] | select(.state != "ok")'
""",
)
@project_options
@json_option
def command(folder: Path, environment: str | None, *, as_json: bool) -> int:
    """Check the tools on this machine and, with -e NAME, the connection to an environment.

    The connection includes address, certificates, BioT's release, clocks, credentials and permissions. Of credentials
    the kind and the source are printed, never the value. Nothing changes. Exit code 8 if publishing would fail.

    Of a plugin on your own account, it also checks that the endpoint is public, answers, refuses a forged token, and
    can reach BioT's public key.
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


def _describe(check: HealthCheck) -> dict[str, object]:
    return {
        "name": check.name,
        "state": check.state.value,
        "message": check.message,
        "hint": check.hint,
        "kind": check.kind,
    }


def _checks(folder: Path, environment: str | None) -> Iterator[HealthCheck]:
    selected: SelectedEnvironment | None = None
    failure: KitError | None = None
    if environment is not None:
        try:
            selected = select_environment(folder, environment, check_manifest=True)
        except KitError as error:
            failure = error
    yield from check_tools(javascript=_needs_node(selected))
    if failure is not None:
        yield _not_selected(failure)
    if selected is not None:
        ask = code_prompt()
        yield from check_environment(selected.target, os.environ, selected.folder, SystemClock(), ask_code=ask)
        if manifest := own_manifest(folder, environment):
            from builder.publishing.own_endpoint.endpoint_health import check_endpoint

            yield from check_endpoint(manifest, os.environ)


def _needs_node(selected: SelectedEnvironment | None) -> bool:
    return bool(selected and selected.plugin and selected.plugin.runtime.startswith("nodejs"))


def _not_selected(error: KitError) -> HealthCheck:
    name = "environment" if isinstance(error, PublishError) else "plugin.toml"
    hint = error.hint or "Run `biot-plugin check` to list every problem with its line."
    return HealthCheck(name=name, state=HealthState.PROBLEM, message=error.message, hint=hint, kind=error.kind)
