"""One trace for everything that an API call causes (W3C Trace Context, ``traceparent``).

BioT passes a ``traceparent`` to every plugin that it calls, and a plugin sends it with its own calls back. Each call of
a plugin has a span id of its own here, so a call back is recognized by that id.
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = "traceparent"
_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_REMEMBERED = 10_000
"""The number of plugin calls whose calls back are recognized. A plugin calls back while it runs, or soon after."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """One step of a trace.

    Attributes:
        trace_id: 32 hexadecimal digits, the same for the whole trace.
        span_id: 16 hexadecimal digits.
        flags: 2 hexadecimal digits; BioT's samples have ``00``.
    """

    trace_id: str
    span_id: str
    flags: str = "00"

    @property
    def traceparent(self) -> str:
        """The value of the header."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"

    def child(self) -> Span:
        """Return a new step of the same trace."""
        return Span(trace_id=self.trace_id, span_id=secrets.token_hex(8), flags=self.flags)


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginCall:
    """A call of a plugin, which may call BioT back.

    Attributes:
        span: Its step of the trace.
        chain_id: The chain that it belongs to.
        listener: The plugin, or the endpoint.
        parent: The call of a plugin that caused its chain; None when a person or a program did.
    """

    span: Span
    chain_id: str
    listener: str
    parent: PluginCall | None = None

    @property
    def depth(self) -> int:
        """How many plugin calls are nested, this one included."""
        return sum(1 for _ in self.ancestry())

    def ancestry(self) -> Iterator[PluginCall]:
        """Yield this call, the one that caused it, and so on."""
        call: PluginCall | None = self
        while call is not None:
            yield call
            call = call.parent


def parse_traceparent(text: str) -> Span | None:
    """Return the step that a ``traceparent`` names; None when it is malformed or all zeros."""
    match = _FORM.fullmatch(text)
    if match is None or not match[1].strip("0") or not match[2].strip("0"):
        return None
    return Span(trace_id=match[1], span_id=match[2], flags=match[3])


def new_span() -> Span:
    """Return the first step of a new trace."""
    return Span(trace_id=secrets.token_hex(16), span_id=secrets.token_hex(8))


class PluginCalls:
    """The latest calls of plugins, by which their calls back are recognized."""

    def __init__(self) -> None:
        self._by_span: OrderedDict[str, PluginCall] = OrderedDict()
        self._by_trace: OrderedDict[tuple[str, str], PluginCall] = OrderedDict()
        self._untraced: dict[str, PluginCall] = {}

    def add(self, call: PluginCall) -> None:
        """Remember a call, and forget the oldest ones."""
        key = (call.span.trace_id, call.listener)
        self._by_span[call.span.span_id] = call
        self._by_trace[key] = call
        self._by_trace.move_to_end(key)
        if len(self._by_span) > _REMEMBERED:
            self._by_span.popitem(last=False)
        if len(self._by_trace) > _REMEMBERED:
            self._by_trace.popitem(last=False)

    def begin_untraced(self, call: PluginCall) -> None:
        """Note a call that the plugin receives without a ``traceparent``: the event of a schedule."""
        self._untraced[call.listener] = call

    def end_untraced(self, call: PluginCall) -> None:
        """Note that this call has ended."""
        if self._untraced.get(call.listener) is call:
            del self._untraced[call.listener]

    def that_sent(self, span: Span | None, plugin: str) -> PluginCall | None:
        """Return the call of a plugin that sent a request with this ``traceparent``; None when no plugin sent it.

        A plugin with a tracing library of its own sends a new span id; then it is its latest call of the trace. During
        the event of a schedule it sends a trace of its own.

        Args:
            span: The step that the ``traceparent`` names.
            plugin: The plugin whose token the request has; empty when it is somebody else's.
        """
        if span is not None:
            call = self._by_span.get(span.span_id)
            if call and call.span.trace_id == span.trace_id:
                return call
            if call := self._by_trace.get((span.trace_id, plugin)):
                return call
        return self._untraced.get(plugin)
