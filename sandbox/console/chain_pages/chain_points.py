"""The points of a chain that can be compared: what was sent and answered at each step. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.activity.step_changes import CHANGED_PART

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.json_diff import Change

_CLIENT_REQUEST, _CLIENT_RESPONSE = "request", "response"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainPoint:
    """A message at one point of a chain.

    Attributes:
        key: Its name in the address of a page: ``request``, ``response``, or such as ``2-event`` and ``2-answer``.
        label: What it is, for people.
        value: The message: an object with body, headers and so on, as far as this point has them.
    """

    key: str
    label: str
    value: object


def chain_points(chain: Mapping[str, Any]) -> tuple[ChainPoint, ...]:
    """The points of a chain in the order of time."""
    points = [ChainPoint(key=_CLIENT_REQUEST, label="Request of the client", value=_message(chain["request"]))]
    for number, step in enumerate(chain["steps"], start=1):
        title = f"{number}. {step['name']} {step['listener']}".strip()
        sent, answered = _sent_and_answered(step)
        points.append(ChainPoint(key=f"{number}-event", label=f"{title}: what it received", value=sent))
        if step["response"] is not None:
            points.append(ChainPoint(key=f"{number}-answer", label=f"{title}: after its answer", value=answered))
    response = chain.get("response")
    if response is not None:
        points.append(ChainPoint(key=_CLIENT_RESPONSE, label="Response to the client", value=_message(response)))
    return tuple(points)


def default_points(chain: Mapping[str, Any]) -> tuple[str, str]:
    """The keys of the two points that say most: the first step that can change something, before and after."""
    for number, step in enumerate(chain["steps"], start=1):
        if step["name"] in CHANGED_PART and step["response"] is not None:
            return f"{number}-event", f"{number}-answer"
    keys = [point.key for point in chain_points(chain)]
    return keys[0], keys[-1]


def known_changes(
    chain: Mapping[str, Any], first: ChainPoint, second: ChainPoint, step_changes: Sequence[tuple[Change, ...] | None]
) -> tuple[Change, ...] | None:
    """The changes between two points of one chain, if they are the answer of a step: then they were compared before.

    Args:
        chain: The chain.
        first: One of its points.
        second: One of its points.
        step_changes: What each of its steps changed.

    Returns:
        What ``diff`` would find between their comparable values; None if they must be compared.
    """
    number, _, part = second.key.partition("-")
    if part != "answer" or first.key != f"{number}-event":
        return None
    at = int(number) - 1
    sent, changes = chain["steps"][at]["request"]["body"], step_changes[at]
    event = sent.get(CHANGED_PART.get(chain["steps"][at]["name"])) if isinstance(sent, dict) else None
    if not isinstance(event, dict) or not event or changes is None:
        return None
    return tuple(change for change in changes if change.path[0] in event)


def comparable_values(first: object, second: object) -> tuple[object, object]:
    """Two messages with the parts that both have: a part that was not recorded at one point did not change there."""
    if not isinstance(first, dict) or not isinstance(second, dict):
        return first, second
    common = first.keys() & second.keys()
    if not common:
        return first, second
    return (
        {key: value for key, value in first.items() if key in common},
        {key: value for key, value in second.items() if key in common},
    )


def _sent_and_answered(step: Mapping[str, Any]) -> tuple[object, object]:
    """What a step received, and that with everything that its answer replaces."""
    part = CHANGED_PART.get(step["name"], "")
    sent, answer = step["request"]["body"], step["response"]
    if not part or not isinstance(sent, dict) or not isinstance(sent.get(part), dict):
        return _message(step["request"]), _message(answer) if answer else None
    body = answer["body"] if answer else None
    changed = body.get(part) if isinstance(body, dict) else None
    return sent[part], {**sent[part], **changed} if isinstance(changed, dict) else sent[part]


def _message(recorded: Mapping[str, Any]) -> dict[str, object]:
    """A recorded request or response in the words of the events: status code, headers and body."""
    status = {"statusCode": recorded["status"]} if "status" in recorded else {}
    return {**status, "headers": recorded["headers"], "body": recorded["body"]}
