"""Warnings that only a whole build can find, kept in its report: a run that finds nothing changed tells them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.errors import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIELD = "warnings"
_TEXTS = ("message", "hint", "setting", "file", "key")


def with_warnings(report: Mapping[str, object], warnings: Sequence[Problem]) -> dict[str, object]:
    """The report with these warnings in it; unchanged when there are none."""
    rows = [{name: getattr(warning, name) for name in (*_TEXTS, "line")} for warning in warnings]
    return {**report, _FIELD: rows} if rows else dict(report)


def warnings_of(report: Mapping[str, object]) -> tuple[Problem, ...]:
    """The warnings that a report holds."""
    rows = report.get(_FIELD)
    return tuple(
        Problem(
            message=str(row.get("message", "")),
            hint=str(row.get("hint", "")),
            setting=str(row.get("setting", "")),
            file=str(row.get("file", "")),
            key=str(row.get("key", "")),
            line=line if isinstance(line := row.get("line"), int) else 0,
            severity=Severity.WARNING,
        )
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict)
    )
