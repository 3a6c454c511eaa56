"""``biot-plugin unsubscribe``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import aim, connect
from builder.cli.options import json_option, project_options
from builder.cli.output import print_document, print_text
from builder.cli.subscription_options import (
    endpoint_option,
    interception,
    interception_arguments,
    notification,
    notification_arguments,
)
from builder.publishing.clock import SystemClock
from builder.publishing.remote.endpoint_subscriptions import unsubscribe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from builder.publishing.api.dispatcher import HookKind


@click.group(
    short_help="Have BioT no longer call an endpoint.",
    epilog="""\b
Examples:
  biot-plugin unsubscribe notification device _create -e dev \\
    --endpoint https://my.host/hook
  biot-plugin unsubscribe interception ADAPT_ENTITY patient -e dev \\
    --endpoint https://my.host/hook
""",
)
def command() -> None:
    """End a subscription of an endpoint that is hosted elsewhere. `biot-plugin subscriptions` lists them."""


@command.command(
    "notification", epilog="\b\nExample:\n  biot-plugin unsubscribe notification device _create -e dev --endpoint URL"
)
@notification_arguments
@endpoint_option
@project_options
@json_option
def _notification(  # noqa: PLR0913 - one parameter per option of the command line
    *,
    entity: str,
    action: str,
    template: str | None,
    endpoint: str,
    folder: Path,
    environment: str | None,
    as_json: bool,
) -> None:
    """No longer call the endpoint after ACTION on an ENTITY."""
    _end("notifications", notification(entity, action, endpoint, template), folder, environment, as_json=as_json)


@command.command(
    "interception",
    epilog="\b\nExample:\n  biot-plugin unsubscribe interception ADAPT_ENTITY patient -e dev --endpoint URL",
)
@interception_arguments
@endpoint_option
@project_options
@json_option
def _interception(  # noqa: PLR0913 - one parameter per option of the command line
    *,
    kind: str,
    target: str,
    path_filters: dict[str, str],
    endpoint: str,
    folder: Path,
    environment: str | None,
    as_json: bool,
) -> None:
    """No longer call the endpoint for an API (TYPE PRE_REQUEST, POST_REQUEST) or an entity (ADAPT_ENTITY)."""
    _end("interceptions", interception(kind, target, endpoint, path_filters), folder, environment, as_json=as_json)


def _end(
    kind: HookKind, unwanted: Mapping[str, object], folder: Path, environment: str | None, *, as_json: bool
) -> None:
    where = aim(folder, environment)
    with connect(where, as_json=as_json) as client:
        changed = unsubscribe(client.dispatcher, kind, unwanted, SystemClock())
    if as_json:
        status = "done" if changed else "nothing-to-do"
        print_document({"status": status, "verdict": status, "subscription": dict(unwanted)})
    else:
        print_text("Unsubscribed." if changed else "There is no such subscription: nothing to do.")
