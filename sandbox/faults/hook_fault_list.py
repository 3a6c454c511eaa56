"""All faults of calls of plugins as data: what happens to the plugin, to its answer, and to its token."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sandbox.functions.call_fault import CallFaultKind
from sandbox.hooks.rules.api_messages import json_bytes, json_or_none

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.hooks.rules.hook_answers import EndpointAnswer

_OK = 200
_SIX_MEGABYTES = 6_291_456


@dataclass(frozen=True, kw_only=True, slots=True)
class HookFaultKind:
    """One kind of fault.

    Attributes:
        name: Its name in scenarios.
        description: What happens.
        function: What goes wrong in the plugin's function; None for nothing.
        answer: Changes the answer that BioT gets; None changes nothing.
        rotates_key: Whether BioT changes its key pair after it has signed the token of the call.
        clock: 1 when BioT's clock is ahead, -1 when it is behind, 0 when it is right.
        seconds: How late, or how wrong the clock, unless the scenario says it.
    """

    name: str
    description: str
    function: CallFaultKind | None = None
    answer: Callable[[EndpointAnswer], EndpointAnswer] | None = None
    rotates_key: bool = False
    clock: int = 0
    seconds: float = 0


def _empty(answer: EndpointAnswer) -> EndpointAnswer:
    return replace(answer, status=_OK, body=b"")


def _not_json(answer: EndpointAnswer) -> EndpointAnswer:
    """Half of the JSON, as after a plugin that was stopped while it wrote."""
    return replace(answer, status=_OK, body=answer.body[: len(answer.body) // 2] + b"{")


def _wrong_shape(answer: EndpointAnswer) -> EndpointAnswer:
    return replace(answer, status=_OK, body=json_bytes({"data": json_or_none(answer.body)}))


def _six_megabytes(answer: EndpointAnswer) -> EndpointAnswer:
    """The same JSON, with spaces after it."""
    return replace(answer, body=answer.body.ljust(_SIX_MEGABYTES))


_KINDS = (
    HookFaultKind(
        name="plugin-slow",
        description="the plugin needs more time, which counts for its timeout",
        function=CallFaultKind.SLOW,
        seconds=5,
    ),
    HookFaultKind(
        name="plugin-killed", description="the plugin's process is killed in the call", function=CallFaultKind.KILLED
    ),
    HookFaultKind(
        name="plugin-out-of-memory",
        description="the plugin uses more memory than its memorySize",
        function=CallFaultKind.OUT_OF_MEMORY,
    ),
    HookFaultKind(name="answer-empty", description="a 200 without a body", answer=_empty),
    HookFaultKind(name="answer-not-json", description="a 200 with half of the JSON", answer=_not_json),
    HookFaultKind(name="answer-wrong-shape", description="a 200 with JSON of another shape", answer=_wrong_shape),
    HookFaultKind(
        name="answer-6mb", description="the answer and spaces, together 6 MB: just allowed", answer=_six_megabytes
    ),
    HookFaultKind(
        name="answer-over-6mb",
        description="an answer that is larger than Lambda allows",
        function=CallFaultKind.LARGE_ANSWER,
    ),
    HookFaultKind(
        name="key-rotated",
        description="BioT has a new key pair, and the token of the call is signed with the previous one",
        rotates_key=True,
    ),
    HookFaultKind(name="clock-ahead", description="BioT's clock is ahead: the token ends later", clock=1, seconds=3600),
    HookFaultKind(
        name="clock-behind",
        description="BioT's clock is behind: the token has ended by the plugin's clock",
        clock=-1,
        seconds=3600,
    ),
)
HOOK_FAULT_KINDS = {kind.name: kind for kind in _KINDS}
