"""The results of direct calls, as text and as JSON."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING

from sandbox.json_diff import describe, path_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sandbox.direct_calls.call_outcome import CallOutcome
    from sandbox.functions.invocation import InvocationReport

_ANSWER_LINES_MAX = 40
_INDENT = "  "


def outcome_lines(outcome: CallOutcome, *, first: bool) -> Iterator[str]:
    """The lines about one call.

    Args:
        outcome: Of the call.
        first: Whether no other call is above it.
    """
    report = outcome.invocation.report
    if not first:
        yield ""
    yield f"{outcome.event.name}  ({outcome.event.source})"
    yield f"{_INDENT}{_verdict(outcome)} in {report.duration_ms:.1f} ms"
    yield from _indented(_answer_lines(outcome.answer))
    if outcome.part and not outcome.problem and not outcome.refused:
        changes = [describe(change) for change in outcome.changes]
        yield f"{_INDENT}Changed in the {outcome.part}:" if changes else f"{_INDENT}The {outcome.part} is unchanged."
        yield from _indented(changes, 2)
    if outcome.invocation.log:
        yield f"{_INDENT}Log:"
        yield from _indented((line for record in outcome.invocation.log for line in record.split("\n")), 2)
    yield f"{_INDENT}{report.line.replace(chr(9), '  ')}"
    for note in (*report.warnings, *report.notes, report.isolation, f"Memory: {report.memory_source}."):
        yield f"{_INDENT}Note: {note}"


def timing_lines(outcomes: Sequence[CallOutcome]) -> Iterator[str]:
    """The times of repeated calls; nothing for a single one."""
    if len(outcomes) > 1:
        times = sorted(outcome.invocation.report.duration_ms for outcome in outcomes)
        slow = times[min(len(times) - 1, len(times) * 95 // 100)]
        cold = sum(outcome.invocation.report.initialization_ms is not None for outcome in outcomes)
        yield (
            f"{_INDENT}{len(outcomes)} calls: median {statistics.median(times):.1f} ms, 95 % within {slow:.1f} ms, "
            f"slowest {times[-1]:.1f} ms, {cold} with an initialization"
        )


def describe_outcomes(outcomes: Sequence[CallOutcome]) -> dict[str, object]:
    """All calls, as JSON."""
    return {
        "status": "failed" if any(outcome.failed for outcome in outcomes) else "ok",
        "calls": [_describe_outcome(outcome) for outcome in outcomes],
    }


def _describe_outcome(outcome: CallOutcome) -> dict[str, object]:
    invocation = outcome.invocation
    return {
        "event": outcome.event.name,
        "hook": outcome.event.hook,
        "requestId": invocation.request_id,
        "failed": outcome.failed,
        "problem": outcome.problem,
        "errorType": invocation.error.error_type if invocation.error else "",
        "statusCode": outcome.status,
        "answer": outcome.answer,
        "changedPart": outcome.part,
        "changes": [
            {"kind": change.kind.value, "path": path_text(change.path), "old": change.old, "new": change.new}
            for change in outcome.changes
        ],
        "log": list(invocation.log),
        "report": _describe_report(invocation.report),
    }


def _describe_report(report: InvocationReport) -> dict[str, object]:
    return {
        "line": report.line,
        "durationMs": round(report.duration_ms, 3),
        "billedMs": report.billed_ms,
        "initializationMs": None if report.initialization_ms is None else round(report.initialization_ms, 3),
        "memorySizeMb": report.memory_size_mb,
        "memoryUsedBytes": report.memory_used,
        "memorySource": report.memory_source,
        "storageSizeMb": report.storage_size_mb,
        "storageUsedBytes": report.storage_used,
        "requestBytes": report.request_size,
        "responseBytes": report.response_size,
        "isolation": report.isolation,
        "warnings": list(report.warnings),
        "notes": list(report.notes),
    }


def _verdict(outcome: CallOutcome) -> str:
    if outcome.failed:
        return f"FAILED: {outcome.problem}"
    return f"{'refused' if outcome.refused else 'answered'} with the status {outcome.status}"


def _answer_lines(answer: object) -> list[str]:
    if answer is None:
        return []
    text = answer if isinstance(answer, str) else json.dumps(answer, indent=2, ensure_ascii=False)
    lines = text.split("\n")
    if len(lines) > _ANSWER_LINES_MAX:
        return [*lines[:_ANSWER_LINES_MAX], f"… {len(lines) - _ANSWER_LINES_MAX} more lines (--json shows all)"]
    return lines


def _indented(lines: Sequence[str] | Iterator[str], depth: int = 1) -> Iterator[str]:
    return (f"{_INDENT * depth}{line}" for line in lines)
