"""``biot-plugin unsubscribe``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.cli.connection_options import connect, select_environment
from builder.cli.output import print_document, print_text
from builder.cli.subscription_commands import SubscriptionTexts, subscription_group
from builder.publishing.clock import SystemClock
from builder.publishing.remote.endpoint_subscriptions import unsubscribe

if TYPE_CHECKING:
    from builder.cli.subscription_commands import SubscriptionRequest

_TEXTS = SubscriptionTexts(
    command="""Unsubscribe an endpoint outside BioT.

This is for endpoints that you host yourself. `biot-plugin subscriptions` lists all subscriptions.""",
    examples="""\b
Examples:
  biot-plugin unsubscribe notification device _create -e dev \\
    --endpoint https://my.host/hook
  biot-plugin unsubscribe interception ADAPT_ENTITY patient -e dev \\
    --endpoint https://my.host/hook
""",
    notification="""Stop calling the endpoint after an action on an entity.

ENTITY and ACTION are names of BioT, such as `device _create`.""",
    interception="""Stop calling the endpoint for an API or an entity.

TYPE is PRE_REQUEST or POST_REQUEST for an API, and ADAPT_ENTITY for an entity.""",
)


def _unsubscribe(request: SubscriptionRequest) -> None:
    selected = select_environment(request.folder, request.environment)
    with connect(selected, as_json=request.as_json) as client:
        changed = unsubscribe(client.dispatcher, request.kind, request.row, SystemClock())
    if request.as_json:
        status = "done" if changed else "nothing-to-do"
        print_document({"status": status, "verdict": status, "subscription": dict(request.row)})
    else:
        print_text("Unsubscribed." if changed else "No such subscription: nothing to do.")


command = subscription_group("unsubscribe", _TEXTS, _unsubscribe)
