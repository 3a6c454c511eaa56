"""What this plugin does when it is called directly by HTTP, or by its cron schedule."""

from typing import Any

from plugin.context import Context
from plugin.hook_data import ScheduledEvent

# The plugin's URL is public. With True, a direct call needs a valid BioT token of a user or a service. With False,
# anybody on the internet can call the code below.
REQUIRE_TOKEN_FOR_DIRECT_CALLS = True

# The scopes that this token must have, for example ("PROTECTED_API",). Without any, every BioT token is accepted.
DIRECT_CALL_SCOPES: tuple[str, ...] = ()


def perform(data: Any, context: Context) -> object:
    """Answer a direct call, or do the work of the cron schedule.

    Args:
        data: Direct call: the parsed JSON body, or None without a body. Cron: the whole event.
        context: ``context.trigger`` is ``http`` or ``cron``. In a direct call ``context.metadata`` has ``method``,
            ``path``, ``queryParameters`` and ``headers``, and ``context.claims`` identifies the caller.

    Returns:
        Any JSON; it becomes the body of a 200. To choose the status and headers, return Lambda's own form, such as
        ``{"statusCode": 201, "headers": {}, "body": {"id": 7}}``. None gives a 200 without a body.
    """
    if context.trigger == "cron":
        # AWS repeats a scheduled call that failed, so it must be safe to do the work twice.
        event: ScheduledEvent = data
        context.log.info("The schedule of %s", event.get("time"))
        return None
    context.log.info("%s %s", context.metadata["method"], context.metadata["path"])
    return {"received": data}
