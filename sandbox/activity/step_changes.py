"""What an interceptor changed in a request or in a response, as a structural difference. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.json_diff import diff

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.json_diff import Change

CHANGED_PART = {"PRE_REQUEST": "request", "ADAPT_ENTITY": "response", "POST_REQUEST": "response"}
"""Type of interception -> the part of its event that its answer may change."""


def step_changes(step: Mapping[str, Any]) -> tuple[Change, ...] | None:
    """Return what the answer of a step changed.

    Args:
        step: As ``chain_documents.describe_step`` describes it.

    Returns:
        The changes, none if it left everything as it was; None if the step changes nothing by its nature, or its answer
        has no such part.
    """
    part, answer = CHANGED_PART.get(step["name"], ""), step["response"]
    sent, body = step["request"]["body"], answer["body"] if answer else None
    if not isinstance(sent, dict) or not isinstance(body, dict) or not isinstance(body.get(part), dict):
        return None
    before = sent.get(part)
    old = {key: value for key, value in before.items() if key in body[part]} if isinstance(before, dict) else {}
    return diff(old, body[part])
