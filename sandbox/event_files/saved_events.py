"""From a step of a recorded chain to an event for the plugin's folder ``events``: no patient, no secret, no token."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from builder.errors import SandboxError
from sandbox.event_files.example_events import CRON, HOOK_TYPES, HTTP, example_event
from sandbox.event_files.pseudonyms import Pseudonyms

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOOKS = {kind.value: hook for hook, (kind, _) in HOOK_TYPES.items()} | {"CRON": CRON, "DIRECT": HTTP}
_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedEvent:
    """An event for the folder ``events``.

    Attributes:
        name: Its name: the hook, the entity and the action.
        event: The event as Lambda passes it, with ``<token>`` where a token belongs.
        listener: The plugin or endpoint that was called.
        status: What it answered; 200 if it gave no answer.
    """

    name: str
    event: Mapping[str, object]
    listener: str
    status: int


def is_savable(step: Mapping[str, Any]) -> bool:
    """Return whether a step is the call of a plugin, whose event can be saved."""
    return step["name"] in _HOOKS


def saved_event(chain: Mapping[str, Any], listener: str = "", step_number: int = 0) -> SavedEvent:
    """Return the event of a step of a chain.

    Args:
        chain: The chain, as the activity has it.
        listener: Only steps of this plugin or endpoint; empty for all.
        step_number: Which of these steps, from 1; 0 for the first.

    Raises:
        SandboxError: The chain has no such step.
    """
    steps = [step for step in chain["steps"] if is_savable(step) and (not listener or step["listener"] == listener)]
    if not 0 <= step_number <= len(steps) or not steps:
        whose = f" of {listener}" if listener else ""
        message = f"{chain['title']} has {len(steps)} calls{whose}."
        raise SandboxError(message, hint="`biot-plugin activity show ID` lists them. Choose one with --step.")
    step = steps[max(step_number, 1) - 1]
    return SavedEvent(
        name=event_name(chain, step),
        event=_event(_HOOKS[step["name"]], step),
        listener=step["listener"],
        status=answered_status(step),
    )


def event_name(chain: Mapping[str, Any], step: Mapping[str, Any]) -> str:
    """Return the name under which the event of a step that ``is_savable`` is saved."""
    parts = (_HOOKS[step["name"]], chain["entityTypeName"], chain["actionName"])
    return _NAME.sub("_", "_".join(part for part in parts if part).lower()).strip("_")


def answered_status(step: Mapping[str, Any]) -> int:
    """Return the status that a plugin answered; 200, for a test that says what it should be, if it gave no answer."""
    return int(step["response"]["status"]) if step.get("response") else 200


def _event(hook: str, step: Mapping[str, Any]) -> dict[str, object]:
    body, pseudonyms = step["request"]["body"], Pseudonyms()
    envelope = dict(example_event(hook))
    if hook == CRON:
        return envelope | ({"time": body["time"]} if isinstance(body, dict) and "time" in body else {})
    content = pseudonyms.event(body)
    return {**envelope, "body": content if isinstance(content, str | None) else json.dumps(content, ensure_ascii=False)}
