"""What the answer to a direct call means: its status, what it changed, and whether the plugin failed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.direct_calls.call_events import event_body
from sandbox.functions.url.url_response import BAD_GATEWAY, response_of
from sandbox.json_diff import diff

if TYPE_CHECKING:
    from sandbox.event_files.event_reading import CallEvent
    from sandbox.functions.invocation import Invocation
    from sandbox.functions.url.url_response import UrlResponse
    from sandbox.json_diff import Change

_SERVER_ERRORS = 500
_SUCCESS = range(200, 300)
_CHANGED_PARTS = {"interceptor_pre": "request", "interceptor_post": "response", "interceptor_post_entity": "response"}
"""Hook -> the part of the body that it may change and must return."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CallOutcome:
    """The result of a direct call.

    Attributes:
        event: The event.
        invocation: The call.
        status: The HTTP status that BioT or another caller would see.
        answer: The body of the answer: parsed JSON, or a text.
        part: The part of the event that the hook may change: ``request`` or ``response``; empty if there is none.
        changes: What the answer changed in that part.
        problem: Why BioT could not use the answer; empty if it could.
    """

    event: CallEvent
    invocation: Invocation
    status: int
    answer: object
    part: str
    changes: tuple[Change, ...]
    problem: str

    @property
    def failed(self) -> bool:
        """Whether the plugin failed. A refusal (4xx) is an answer: so an interceptor blocks an API call."""
        return bool(self.problem)

    @property
    def refused(self) -> bool:
        """Whether the plugin refused the call."""
        return not self.problem and self.status not in _SUCCESS


def outcome_of(event: CallEvent, invocation: Invocation) -> CallOutcome:
    """Return what an answer means for the hook of the event."""
    response = response_of(invocation)
    answer = _parsed(invocation.payload if response is BAD_GATEWAY else response.body)
    part = _CHANGED_PARTS.get(event.hook, "")
    changes: tuple[Change, ...] = ()
    problem = _failure(invocation, response)
    if part and not problem and response.status in _SUCCESS:
        if isinstance(answer, str):  # BioT's Python sample answers with a JSON text
            answer = _parsed(answer.encode())
        old = event_body(event.value).get(part)
        new = answer.get(part) if isinstance(answer, dict) else None
        if not isinstance(new, dict):
            problem = f"The answer has no object `{part}`, which BioT expects from this hook."
        elif isinstance(old, dict):
            # BioT keeps what the answer leaves out.
            changes = diff(old, {**old, **new})
    return CallOutcome(
        event=event,
        invocation=invocation,
        status=response.status,
        answer=answer,
        part=part,
        changes=changes,
        problem=problem,
    )


def _failure(invocation: Invocation, response: UrlResponse) -> str:
    if invocation.error is not None:
        return f"{invocation.error.error_type}: {invocation.error.error_message}"
    if response is BAD_GATEWAY:
        return "The answer has a statusCode or a body that no HTTP response can have."
    if response.status >= _SERVER_ERRORS:
        return f"The plugin answered with the status {response.status}."
    return ""


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode("utf-8", "replace")
