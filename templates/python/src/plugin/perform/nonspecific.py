"""What this plugin does when it is called directly by HTTP, or by its cron schedule."""

from typing import Any

from plugin.context import Context

# The plugin's URL is public. With True a direct call needs a valid BioT token, of a user or of a service. With False
# anybody on the internet can call the code below.
REQUIRE_TOKEN_FOR_DIRECT_CALLS = True

# The scopes that this token must hold, for example ("PROTECTED_API",). Without any, every BioT token will do.
DIRECT_CALL_SCOPES: tuple[str, ...] = ()


def perform(data: Any, context: Context) -> object:
    """Answer a direct call, or do the work of the cron schedule.

    Args:
        data: Direct call: the parsed JSON body, None without one. Cron: the whole event.
        context: ``context.trigger`` is ``http`` or ``cron``. Of a direct call ``context.metadata`` holds ``method``,
            ``path``, ``queryParameters`` and ``headers``; ``context.claims`` says who calls.

    Returns:
        Any JSON: it becomes the body of a 200. To choose the status and headers return Lambda's own form, such as
        ``{"statusCode": 201, "headers": {}, "body": {"id": 7}}``. None answers 200 without a body.
    """
    if context.trigger == "cron":
        # AWS repeats a scheduled call that failed: the work should do no harm when it is done twice.
        context.log.info("The schedule of %s", data.get("time"))
        return None
    context.log.info("%s %s", context.metadata["method"], context.metadata["path"])
    return {"received": data}
