"""``biot-plugin subscribe``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.cli.connection_options import connect, select_environment
from builder.cli.output import print_document, print_text
from builder.cli.subscription_commands import SubscriptionTexts, subscription_group
from builder.publishing.clock import SystemClock
from builder.publishing.remote.endpoint_subscriptions import subscribe

if TYPE_CHECKING:
    from builder.cli.subscription_commands import SubscriptionRequest

_TEXTS = SubscriptionTexts(
    command="""Subscribe an endpoint outside BioT.

This is for endpoints that you host yourself. Plugins in BioT subscribe with plugin.toml and `publish`.""",
    examples="""\b
Examples:
  biot-plugin subscribe notification device _create -e dev \\
    --endpoint https://my.host/hook
  biot-plugin subscribe interception PRE_REQUEST \\
    POST/organization/v1/users/patients -e dev \\
    --endpoint https://my.host/hook --order 20
  biot-plugin subscribe interception ADAPT_ENTITY patient -e dev \\
    --endpoint https://my.host/hook
""",
    notification="""Call the endpoint after an action on an entity.

ENTITY and ACTION are names of BioT, such as `device _create`.""",
    interception="""Call the endpoint for an API or an entity.

With TYPE PRE_REQUEST or POST_REQUEST, BioT calls it before or after the API; with ADAPT_ENTITY, for the entity.
If the order is taken, BioT moves the interceptor that has it, and perhaps others. The command prints which.""",
)


def _subscribe(request: SubscriptionRequest) -> None:
    selected = select_environment(request.folder, request.environment)
    with connect(selected, as_json=request.as_json) as client:
        result = subscribe(client.dispatcher, request.kind, request.row, SystemClock())
    if request.as_json:
        moved = [{"endpoint": endpoint, "from": old, "to": new} for endpoint, old, new in result.moved]
        status = "done" if result.changed else "nothing-to-do"
        print_document({"status": status, "verdict": status, "subscription": dict(result.subscription), "moved": moved})
        return
    order = result.subscription.get("executionOrder")
    suffix = f", with order {order}" if order is not None else ""
    print_text(f"Subscribed{suffix}." if result.changed else f"Already subscribed{suffix}: nothing to do.")
    for endpoint, old, new in result.moved:
        print_text(f"BioT moved {endpoint} from order {old} to {new}.")


command = subscription_group("subscribe", _TEXTS, _subscribe, with_order=True)
