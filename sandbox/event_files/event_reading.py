"""Events as files have them: for the folder ``events`` of a plugin, and for direct calls."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.errors import UsageError
from sandbox.event_files.example_events import CRON, HOOK_TYPES, HTTP

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sandbox.hooks.rules.subscription_matching import HookType

TOKEN_PLACE = "<token>"  # noqa: S105 - the place of a token, not one
"""In an event file, the place of a token that is signed for the call."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CallEvent:
    """An event to call a function with.

    Attributes:
        name: Of the event: the hook, or the name of the file.
        source: Where it comes from, for messages.
        value: The event, with ``<token>`` where a token belongs.
    """

    name: str
    source: str
    value: Mapping[str, object]

    @property
    def hook(self) -> str:
        """The hook that the event is for, by its own contents."""
        if self.value.get("source") == "aws.events":
            return CRON
        headers = self.value.get("headers")
        hooktype = headers.get("hooktype") if isinstance(headers, dict) else None
        return next((name for name, (_, value) in HOOK_TYPES.items() if value == hooktype), HTTP)

    def payload(self, token_for: Callable[[HookType | None], str]) -> bytes:
        """Return the event as JSON with a signed token.

        Args:
            token_for: Returns a token for a hook; for None, a token of a user.
        """
        text = json.dumps(self.value, ensure_ascii=False)
        if TOKEN_PLACE in text:
            kind = HOOK_TYPES[self.hook][0] if self.hook in HOOK_TYPES else None
            text = text.replace(TOKEN_PLACE, token_for(kind))
        return text.encode()


def read_event(file: Path) -> CallEvent:
    """Read an event from a file.

    Raises:
        UsageError: The file is unreadable, or does not have a JSON object.
    """
    try:
        value = json.loads(file.read_bytes())
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}."
        raise UsageError(message, hint="Check the path.") from error
    except (ValueError, RecursionError) as error:
        message = f"{file} is not valid JSON: {error}."
        raise UsageError(message, hint="An event is a JSON object as Lambda passes it to the handler.") from error
    if not isinstance(value, dict):
        message = f"{file} does not have an event: a JSON object is needed."
        raise UsageError(message, hint="An event is a JSON object as Lambda passes it to the handler.")
    return CallEvent(name=file.stem, source=str(file), value=value)
