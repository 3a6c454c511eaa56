"""Who calls the plugin, and for which hook."""

from dataclasses import dataclass
from typing import Any

from plugin.errors import PluginError
from plugin.headers import get_headers

# BioT names the hook in the header `hooktype`; the value is matched exactly.
HOOK_OF_HOOKTYPE = {
    "NOTIFICATION": "notification",
    "INTERCEPTOR_PRE": "interceptor_pre",
    "INTERCEPTOR_POST": "interceptor_post",
    "INTERCEPTOR_POST_ENTITY": "interceptor_post_entity",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestType:
    """One kind of call.

    Attributes:
        hook: The hook that answers it, as the files in ``perform`` are named.
        trigger: ``biot``, ``http`` (a direct call) or ``cron``.
        label: Its name in messages.
    """

    hook: str
    trigger: str
    label: str


def check_event(event: object) -> dict[str, Any]:
    """Return the event if it is one.

    Raises:
        PluginError: 400 NO_EVENT.
    """
    if not isinstance(event, dict):
        raise PluginError(400, "NO_EVENT", "The event is missing or is not an object.")
    return event


def check_request_type(event: dict[str, Any]) -> RequestType:
    """Recognise BioT's calls by their header and cron by its form; everything else is a direct call.

    Anyone can send any header to the plugin's public URL, so this only chooses the hook. ``authenticate`` then requires
    the token that this hook needs.

    Raises:
        PluginError: 400 HOOK_NOT_SUPPORTED, the header names a hook that BioT does not have.
    """
    if is_cron(event):
        return RequestType(hook="nonspecific", trigger="cron", label="the cron schedule")
    hooktype = get_headers(event).get("hooktype")
    if hooktype is None:
        return RequestType(hook="nonspecific", trigger="http", label="direct calls")
    if hooktype not in HOOK_OF_HOOKTYPE:
        names = ", ".join(HOOK_OF_HOOKTYPE)
        raise PluginError(400, "HOOK_NOT_SUPPORTED", f"The hooktype header must be one of {names}, or left out.")
    return RequestType(hook=HOOK_OF_HOOKTYPE[hooktype], trigger="biot", label=f"the hook {hooktype}")


def is_cron(event: dict[str, Any]) -> bool:
    """Recognise an event of the plugin's cron schedule, which needs no token.

    It is the only event without ``requestContext``. Lambda adds that key to every HTTP request, so an outside caller
    can imitate the rest of a cron event, but cannot remove that key.
    """
    return "requestContext" not in event and event.get("source") == "aws.events"
