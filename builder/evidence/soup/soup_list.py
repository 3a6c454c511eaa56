"""The SOUP list of an artifact: what IEC 62304 requires about software that others wrote, as CSV and Markdown.

Clauses: 8.1.2 title, manufacturer and unique designation; 5.3.3 functional and performance
requirements; 5.3.4 hardware and software that it needs; 7.1.2 contribution to hazardous situations;
7.1.3 published anomaly lists.
"""

from __future__ import annotations

import csv
import io
from functools import cache
from typing import TYPE_CHECKING

from builder.evidence.components import UNKNOWN
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from builder.evidence.components import Component, Inventory
    from builder.evidence.soup.soup_file import SoupFile
    from builder.manifest.model import Manifest
    from builder.platform.runtimes import Runtime

COLUMNS = (
    "title (8.1.2)",
    "version (8.1.2)",
    "manufacturer (8.1.2)",
    "unique designation (8.1.2)",
    "inside",
    "licence",
    "evaluated version",
    "requirements (5.3.3)",
    "hardware and software needed (5.3.4)",
    "hazards (7.1.2)",
    "published anomalies (7.1.3)",
    "verification",
    "level of support",
    "end of support",
)
_FORMULA = ("=", "+", "-", "@")
_ESCAPED = str.maketrans({"<": "&lt;", **{character: f"\\{character}" for character in "\\|[`*_"}})


def soup_rows(manifest: Manifest, inventory: Inventory, soup: SoupFile) -> tuple[tuple[str, ...], ...]:
    """One row for each package, followed by the components inside it. Only the column ``inside`` may be empty."""
    rows = []
    for package in inventory.packages:
        rows.append(_row(package, soup, manifest.runtime, ""))
        label = f"{package.name} {package.version}"
        rows += [_row(nested, soup, manifest.runtime, label) for nested in package.inside]
    return tuple(rows)


def render_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """The list for spreadsheets. Cells that a spreadsheet would calculate are written as text."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_as_text(cell) for cell in row] for row in rows)
    return stream.getvalue().encode("utf-8", "replace")


def render_markdown(manifest: Manifest, rows: Sequence[Sequence[str]]) -> bytes:
    """The list for people. Cells cannot break the table."""
    plugin = manifest.plugin
    gaps = sum(cell == UNKNOWN for row in rows for cell in row)
    lines = [
        f"# SOUP list of {plugin.name} {plugin.version}",
        "",
        f"{len(rows)} items of software of unknown provenance (IEC 62304).",
        f"Cells that are still unknown: {gaps}. Fill them in `soup.toml`.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{' --- |' * len(COLUMNS)}",
        *(f"| {' | '.join(_escaped(cell) for cell in row)} |" for row in rows),
    ]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def read_soup_list(file: Path) -> tuple[tuple[str, str], ...]:
    """Title and version of every row in a CSV that ``render_csv`` wrote; empty without such a file."""
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            return tuple(_pairs(csv.reader(stream)))
    except (OSError, ValueError, csv.Error):
        return ()


def _pairs(rows: Iterator[list[str]]) -> Iterator[tuple[str, str]]:
    next(rows, None)
    for row in rows:
        yield row[0].removeprefix("'"), row[1].removeprefix("'")


def _row(component: Component, soup: SoupFile, runtime: Runtime, inside: str) -> tuple[str, ...]:
    cells = soup.cells_of(component.name)
    place = f"AWS Lambda {runtime.name} on {runtime.operating_system}, x86-64"
    keys = ("requirements", "hazards", "anomalies", "verification", "support")
    requirements, hazards, anomalies, verification, support = (cells.get(key) or UNKNOWN for key in keys)
    return (
        component.name,
        component.version or UNKNOWN,
        cells.get("manufacturer") or component.facts.supplier or UNKNOWN,
        component.purl or UNKNOWN,
        inside,
        component.facts.licence_text,
        cells.get("evaluated") or UNKNOWN,
        requirements,
        cells.get("environment") or place,
        hazards,
        anomalies,
        verification,
        support,
        cells.get("end-of-support") or UNKNOWN,
    )


@cache  # three of four cells are equal to another one
def _as_text(cell: str) -> str:
    quoted = printable(cell)
    return f"'{quoted}" if quoted.startswith(_FORMULA) else quoted


@cache
def _escaped(cell: str) -> str:
    return printable(" ".join(cell.split())).translate(_ESCAPED)
