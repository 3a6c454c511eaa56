"""One trace for everything that a call causes."""

from __future__ import annotations

import pytest

from sandbox.hooks.rules.traces import PluginCall, PluginCalls, Span, new_span, parse_traceparent

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_a_traceparent_is_read_and_written() -> None:
    span = parse_traceparent(f"00-{TRACE}-{SPAN}-01")

    assert span == Span(trace_id=TRACE, span_id=SPAN, flags="01")
    child = span.child()
    assert (child.trace_id, child.flags) == (TRACE, "01")
    assert child.span_id != SPAN
    assert parse_traceparent(child.traceparent) == child
    assert parse_traceparent(new_span().traceparent) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"00-{TRACE}-{SPAN}",
        f"ff-{TRACE}-{SPAN}-00",
        f"00-{'0' * 32}-{SPAN}-00",
        f"00-{TRACE}-{'0' * 16}-00",
        f"00-{TRACE.upper()}-{SPAN}-00",
        f"00-{TRACE}-{SPAN}-00\n",
    ],
)
def test_a_malformed_traceparent_is_none(text: str) -> None:
    assert parse_traceparent(text) is None


def called(listener: str, span: Span, parent: PluginCall | None = None) -> PluginCall:
    return PluginCall(span=span, chain_id="c", listener=listener, parent=parent)


def test_a_call_back_is_recognized_by_its_span_or_by_the_plugin_of_its_token() -> None:
    calls, root = PluginCalls(), new_span()
    first, second = called("Plugin-a", root.child()), called("Plugin-b", root.child())
    calls.add(first)
    calls.add(second)

    assert calls.that_sent(first.span, "") is first
    assert calls.that_sent(root.child(), "Plugin-a") is first, "a tracing library has sent a span id of its own"
    assert calls.that_sent(root.child(), "") is None, "a person goes on with the trace"
    assert calls.that_sent(new_span(), "Plugin-a") is None
    assert calls.that_sent(None, "Plugin-a") is None


def test_a_call_back_during_a_schedule_is_recognized_by_the_plugin_alone() -> None:
    calls, scheduled = PluginCalls(), called("Plugin-a", new_span())
    calls.begin_untraced(scheduled)

    assert calls.that_sent(new_span(), "Plugin-a") is scheduled
    assert calls.that_sent(None, "Plugin-a") is scheduled
    assert calls.that_sent(new_span(), "Plugin-b") is None
    calls.end_untraced(scheduled)
    assert calls.that_sent(new_span(), "Plugin-a") is None


def test_the_depth_is_the_number_of_nested_calls() -> None:
    root = new_span()
    outer = called("Plugin-a", root.child())
    inner = called("Plugin-b", root.child(), outer)

    assert (outer.depth, inner.depth) == (1, 2)
    assert [call.listener for call in inner.ancestry()] == ["Plugin-b", "Plugin-a"]


def test_the_oldest_calls_are_forgotten() -> None:
    calls, spans = PluginCalls(), [new_span() for _ in range(10_001)]
    for span in spans:
        calls.add(called("Plugin-a", span))

    assert calls.that_sent(spans[0], "Plugin-a") is None
    assert calls.that_sent(spans[1], "") is not None
