"""The events of direct calls: from the plugin's ``events`` folder, from a file, or made here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.errors import UsageError
from sandbox.event_files.example_events import CRON, HOOK_TYPES, HTTP, example_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sandbox.hooks.rules.subscription_matching import HookType

TOKEN_PLACE = "<token>"  # noqa: S105 - the place of a token, not one
"""In an event file, the place of a token that is signed for the call."""
HOOKS = (*HOOK_TYPES, HTTP, CRON)
"""What can be called: BioT's hooks, as the files in ``events`` are named, a direct HTTP call, and the cron schedule."""
_NONSPECIFIC = "nonspecific"


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


def plugin_events(folder: Path, hook: str | None, subscribed: Sequence[str]) -> tuple[CallEvent, ...]:
    """Return the event of a hook, or the events of all hooks of a plugin.

    Args:
        folder: The plugin's folder ``events``, which may be missing.
        hook: The name of a hook or of a file in that folder; None for all.
        subscribed: The hooks that plugin.toml names, which are called if there is no such folder.

    Raises:
        UsageError: There is no such hook and no such file, or a file is not an event.
    """
    files = {file.stem: file for file in sorted(folder.glob("*.json"))}
    if hook is None:
        if files:
            return tuple(_of_plugin(file) for file in files.values())
        return tuple(_example(name) for name in subscribed or (HTTP,))
    wanted = HTTP if hook == _NONSPECIFIC and hook not in files else hook
    if wanted in files:
        return (_of_plugin(files[wanted]),)
    if wanted in HOOKS:
        return (_example(wanted),)
    names = ", ".join(sorted({*files, *HOOKS}))
    message = f"There is no hook and no event file with the name {hook}."
    raise UsageError(message, hint=f"Choose one of {names}, or name a file with --event.")


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


def with_data(event: CallEvent, data: object) -> CallEvent:
    """Return an event with other data: the request body, the response body, the entities, or the notified entity.

    Raises:
        UsageError: The event has no place for data.
    """
    if event.hook == CRON:
        message = "The event of a cron schedule has no data."
        raise UsageError(message, hint="Leave out --data.")
    if event.hook == HTTP:
        return _with_body(event, data)
    body = event_body(event.value)
    keys = {"interceptor_pre": ("request", "body"), "interceptor_post": ("response", "body")}.get(event.hook)
    if event.hook == "notification":
        keys = ("data", "entity")
    elif keys is None:
        keys, data = ("response", "entities"), data if isinstance(data, list) else [data]
    inner = body.get(keys[0])
    if not isinstance(inner, dict):
        message = f"{event.source} has no `{keys[0]}` in its body, so --data has no place in it."
        raise UsageError(message, hint="Leave out --data, or use another event.")
    return _with_body(event, {**body, keys[0]: {**inner, keys[1]: data}})


def event_body(event: Mapping[str, object]) -> dict[str, object]:
    """Return the JSON object in the body of an event; empty if there is none."""
    body = event.get("body")
    try:
        value = json.loads(body) if isinstance(body, str) else body
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _with_body(event: CallEvent, body: object) -> CallEvent:
    value = {**event.value, "body": json.dumps(body, ensure_ascii=False), "isBase64Encoded": False}
    return CallEvent(name=event.name, source=event.source, value=value)


def _of_plugin(file: Path) -> CallEvent:
    event = read_event(file)
    return CallEvent(name=event.name, source=f"events/{file.name}", value=event.value)


def _example(hook: str) -> CallEvent:
    return CallEvent(name=hook, source=f"the kit's example of {hook}", value=example_event(hook))
