"""Warnings of a build, for later runs that find nothing changed and print them again.

Warnings that only a complete build can find are recorded in its report. Those about ``soup.toml``
are computed again from the SOUP list beside the artifact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.errors import Problem, Severity
from builder.evidence.checksums import evidence_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from builder.evidence.soup.soup_file import SoupFile

_FIELD = "warnings"
_TEXTS = ("message", "hint", "setting", "file", "key", "code")


def with_warnings(report: Mapping[str, object], warnings: Sequence[Problem]) -> dict[str, object]:
    """The report with these warnings in it; unchanged without warnings."""
    rows = [{name: getattr(warning, name) for name in (*_TEXTS, "line")} for warning in warnings]
    return {**report, _FIELD: rows} if rows else dict(report)


def recorded_warnings(report: Mapping[str, object]) -> tuple[Problem, ...]:
    """The warnings that a report records."""
    rows = report.get(_FIELD)
    return tuple(
        Problem(
            message=str(row.get("message", "")),
            hint=str(row.get("hint", "")),
            setting=str(row.get("setting", "")),
            file=str(row.get("file", "")),
            key=str(row.get("key", "")),
            code=str(row.get("code", "")),
            line=line if isinstance(line := row.get("line"), int) else 0,
            severity=Severity.WARNING,
        )
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict)
    )


def recheck_soup(soup: SoupFile, artifact: Path) -> tuple[Problem, ...]:
    """The warnings about ``soup.toml`` for an artifact that an earlier build wrote."""
    if not soup.names:
        return ()
    # Imported here, because "nothing changed" must start fast and most plugins have no soup.toml.
    from builder.evidence.soup.soup_file import soup_warnings
    from builder.evidence.soup.soup_list import read_soup_list

    return soup_warnings(soup, read_soup_list(evidence_files(artifact)["soup"]))
