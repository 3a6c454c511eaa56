"""What the plugin knows about one of its hooks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from plugin.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One hook of this plugin.

    Attributes:
        perform: The author's function. It gets the data of the event and the context, and returns the answer or None.
        require_token: Whether a direct call needs a BioT token. BioT's own calls always need one.
        scopes: The scopes that the token of a direct call must hold. BioT's own calls have their fixed scope.
    """

    perform: Callable[[Any, Context], object]
    require_token: bool = True
    scopes: tuple[str, ...] = ()
