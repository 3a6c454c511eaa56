"""The events of direct calls: from the plugin's ``events`` folder, from a file, or made here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from builder.errors import UsageError
from sandbox.event_files.event_reading import CallEvent, read_event
from sandbox.event_files.example_events import CRON, HOOK_TYPES, HTTP, example_event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


HOOKS = (*HOOK_TYPES, HTTP, CRON)
"""What can be called: BioT's hooks, as the files in ``events`` are named, a direct HTTP call, and the cron schedule."""
_NONSPECIFIC = "nonspecific"


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
