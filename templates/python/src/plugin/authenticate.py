"""Check that the caller may call this hook. The plugin's URL is public: only the token protects it."""

from collections.abc import Callable
from typing import Any

from plugin.check_request_type import RequestType
from plugin.errors import PluginError
from plugin.hook import Hook
from plugin.settings import Settings
from plugin.verify_token import verify_token

# BioT's own calls have a token of this type, with the scope of the hook.
PLATFORM_TOKEN_TYPE = "SERVICE_INTERNAL"  # noqa: S105 - a name, not a secret
SCOPE_OF_HOOK = {
    "notification": "ACTION_NOTIFICATION",
    "interceptor_pre": "PLUGIN_INTERCEPTOR",
    "interceptor_post": "PLUGIN_INTERCEPTOR",
    "interceptor_post_entity": "PLUGIN_INTERCEPTOR",
}


def authenticate(
    token: str | None, request_type: RequestType, hook: Hook, settings: Settings, remaining_seconds: Callable[[], float]
) -> dict[str, Any]:
    """Return the claims of the caller's token; empty for cron, and for direct calls that need no token.

    Raises:
        PluginError: 401 without a valid token, 403 with a token that does not allow this hook, 503 when BioT's public
            key is unavailable.
        ConfigurationError: The address of BioT is missing.
    """
    if request_type.trigger == "cron" or (request_type.trigger == "http" and not hook.require_token):
        return {}
    if not token:
        raise PluginError(401, "NO_TOKEN", "A BioT token is needed.")
    claims = verify_token(token, settings, remaining_seconds)
    if request_type.trigger == "biot":
        if claims.get("tokenType") != PLATFORM_TOKEN_TYPE:
            raise PluginError(403, "ACCESS_DENIED", "Only BioT itself may call this hook.")
        check_scopes(claims, (SCOPE_OF_HOOK[request_type.hook],))
    else:
        check_scopes(claims, hook.scopes)
    return claims


def check_scopes(claims: dict[str, Any], needed: tuple[str, ...]) -> None:
    """Check that the token has these scopes. They must be items of a list, not parts of a text."""
    held = claims.get("scopes")
    if not isinstance(held, list):
        held = []
    if any(scope not in held for scope in needed):
        raise PluginError(403, "ACCESS_DENIED", "The token lacks the scope for this call.", why=f"needs {needed}")
