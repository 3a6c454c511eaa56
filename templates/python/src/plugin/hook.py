"""The hooks of this plugin and their settings."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from plugin.check_request_type import RequestType
from plugin.context import Context
from plugin.errors import PluginError


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One hook of this plugin.

    Attributes:
        perform: The author's function. It gets the data of the event and the context, and returns the answer or None.
        require_token: Whether a direct call needs a BioT token. BioT's own calls always need one.
        scopes: The scopes that the token of a direct call must have. The scope for BioT's own calls is fixed.
    """

    perform: Callable[[Any, Context], object]
    require_token: bool = True
    scopes: tuple[str, ...] = ()


def get_hook(hooks: Mapping[str, Hook], request_type: RequestType, log: logging.Logger) -> Hook:
    """Return the hook that answers this kind of call.

    Raises:
        PluginError: 400 HOOK_NOT_SUPPORTED, the plugin was generated without it.
    """
    hook = hooks.get(request_type.hook)
    if hook is None:
        log.error("This plugin was generated without %s", request_type.label)
        raise PluginError(400, "HOOK_NOT_SUPPORTED", f"This plugin does not support {request_type.label}.")
    return hook
