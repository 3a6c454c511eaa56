"""Print the log of a plugin on the local BioT, call by call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from builder.cli.printing.stack_traces import PluginSources, readable_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Call = Mapping[str, Any]

_OWN, _OTHER = "> ", "  "


def call_lines(call: Call, sources: PluginSources) -> Iterator[str]:
    """The lines about a call: what it was, its log, and Lambda's report. Own frames of a stack trace begin with >."""
    status = "no answer" if call["status"] is None else str(call["status"])
    plugin = call["plugin"].removeprefix("Plugin-")
    yield f"{call['time'][11:19]} {call['hook']} {plugin}: {status}, {call['milliseconds']:.0f} ms  #{call['number']}"
    for kind, text in _notes(call):
        yield f"{_OTHER}{kind}: {text}"
    for record in call["log"]:
        for line in readable_lines(record, sources):
            yield f"{_OWN if line.source else _OTHER}{line.text}"
    if call["report"]:
        yield _OTHER + call["report"].replace("\t", "  ")


def call_documents(call: Call, sources: PluginSources) -> Iterator[dict[str, object]]:
    """A JSON object for each record of a call's log, and one for each other thing to say about it."""
    about = {name: call[name] for name in ("time", "plugin", "hook", "number", "status", "requestId")}
    for kind, text in _notes(call):
        yield {**about, "kind": kind, "text": text}
    for record in call["log"]:
        lines = list(readable_lines(record, sources))
        own = [line.source for line in lines if line.source]
        yield {**about, "kind": "log", "text": "\n".join(line.text for line in lines), "ownFrames": own}
    if call["report"]:
        yield {**about, "kind": "report", "text": call["report"], "errorType": call["errorType"]}


def last_id(calls: Sequence[Call]) -> int:
    """The id of the newest call; 0 when there is none."""
    return max((call["id"] for call in calls), default=0)


def _notes(call: Call) -> Iterator[tuple[str, str]]:
    if call["fault"]:
        yield "fault", call["fault"]
    if call["problem"]:
        yield "problem", call["problem"]
