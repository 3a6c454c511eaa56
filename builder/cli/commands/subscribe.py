"""``biot-plugin subscribe``."""

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
from builder.publishing.remote.endpoint_subscriptions import subscribe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from builder.publishing.api.dispatcher import HookKind


@click.group(
    short_help="Have BioT call an endpoint on your own account.",
    epilog="""\b
Examples:
  biot-plugin subscribe notification device _create -e dev \\
    --endpoint https://my.host/hook
  biot-plugin subscribe interception PRE_REQUEST \\
    POST/organization/v1/users/patients -e dev \\
    --endpoint https://my.host/hook --order 20
  biot-plugin subscribe interception ADAPT_ENTITY patient -e dev \\
    --endpoint https://my.host/hook
""",
)
def command() -> None:
    """Subscribe an endpoint that is hosted elsewhere. Plugins in BioT subscribe by plugin.toml and `publish`."""


@command.command(
    "notification", epilog="\b\nExample:\n  biot-plugin subscribe notification device _create -e dev --endpoint URL"
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
    """Call the endpoint after ACTION on an ENTITY, such as `device _create`."""
    _subscribe("notifications", notification(entity, action, endpoint, template), folder, environment, as_json=as_json)


@command.command(
    "interception",
    epilog="\b\nExample:\n  biot-plugin subscribe interception ADAPT_ENTITY patient -e dev --endpoint URL",
)
@interception_arguments
@endpoint_option
@click.option("--order", type=click.IntRange(1), help="Its place among the interceptors of the same API.")
@project_options
@json_option
def _interception(  # noqa: PLR0913 - one parameter per option of the command line
    *,
    kind: str,
    target: str,
    path_filters: dict[str, str],
    endpoint: str,
    order: int | None,
    folder: Path,
    environment: str | None,
    as_json: bool,
) -> None:
    """Call the endpoint before or after an API (TYPE PRE_REQUEST, POST_REQUEST), or for an entity (ADAPT_ENTITY).

    When the order is taken, BioT moves the one that has it, and perhaps others behind it; that is told.
    """
    wanted = interception(kind, target, endpoint, path_filters)
    if order is not None:
        wanted["executionOrder"] = order
    _subscribe("interceptions", wanted, folder, environment, as_json=as_json)


def _subscribe(
    kind: HookKind, wanted: Mapping[str, object], folder: Path, environment: str | None, *, as_json: bool
) -> None:
    where = aim(folder, environment)
    with connect(where, as_json=as_json) as client:
        result = subscribe(client.dispatcher, kind, wanted, SystemClock())
    moved = [{"endpoint": endpoint, "from": old, "to": new} for endpoint, old, new in result.moved]
    if as_json:
        status = "done" if result.changed else "nothing-to-do"
        print_document({"status": status, "verdict": status, "subscription": dict(result.subscription), "moved": moved})
        return
    order = result.subscription.get("executionOrder")
    suffix = f", with order {order}" if order is not None else ""
    print_text(f"Subscribed{suffix}." if result.changed else f"It is subscribed already{suffix}: nothing to do.")
    for endpoint, old, new in result.moved:
        print_text(f"BioT moved {endpoint} from order {old} to {new} for it.")
