"""The sizes in an artifact as SVG: a rectangle for each package, which contains one for each of its larger files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.evidence.inspection.treemap import Area, squarify
from builder.quoting import printable_html

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from builder.archive.package_sizes import PackageRow
    from builder.evidence.inspection.contents import FileRow

COLORS = 8
"""Number of colours that alternate; the style sheet has them as ``c0`` to ``c7``."""

_HEAD = 18.0
"""Height of a package's title."""

_LETTER = 7.2
"""Width of a letter in the font size of the style sheet."""

_SMALLEST = 14.0
"""Files with a smaller area are drawn as one rectangle."""


def draw(rows: Sequence[PackageRow], files: Mapping[str, Sequence[FileRow]], *, width: int, height: int) -> str:
    """The drawing, which loads nothing from another server.

    Args:
        rows: The packages, the largest first.
        files: Label of a package -> its files, the largest first.
        width: Of the drawing, in pixels at its original size.
        height: Of the drawing, in pixels at its original size.
    """
    shown = [row for row in rows if row.packed_size]
    areas = squarify([row.packed_size for row in shown], Area(0, 0, width, height))
    parts = [
        part
        for number, (row, area) in enumerate(zip(shown, areas, strict=True))
        for part in _package(row, files.get(row.label, ()), area, number % COLORS)
    ]
    title = f"Sizes in the ZIP of {len(shown)} packages; the table below says the same in numbers."
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{printable_html(title)}">\n'
        + "\n".join(parts)
        + "\n</svg>"
    )


def _package(row: PackageRow, files: Sequence[FileRow], area: Area, color: int) -> Iterator[str]:
    yield f'<g class="c{color}">{_rectangle(area, f"{row.label}: {row.packed_size:,} bytes", "package")}'
    inner = Area(area.x + 2, area.y + 2, max(area.width - 4, 0), max(area.height - 4, 0))
    named = inner.height > 2 * _HEAD and inner.width > 6 * _LETTER
    if named:
        yield _text(row.label, inner.x + 3, inner.y + 13, inner.width - 6)
        inner = Area(inner.x, inner.y + _HEAD, inner.width, inner.height - _HEAD)
    yield from _files(files, inner)
    yield "</g>"


def _files(files: Sequence[FileRow], around: Area) -> Iterator[str]:
    total = sum(file.packed_size for file in files)
    if not total or around.width < 4 or around.height < 4:  # noqa: PLR2004 - nothing can be seen in less
        return
    threshold = total * _SMALLEST / (around.width * around.height)
    larger = [file for file in files if file.packed_size > threshold]
    rest = total - sum(file.packed_size for file in larger)
    sizes = [float(file.packed_size) for file in larger] + ([float(rest)] if rest else [])
    for number, area in enumerate(squarify(sizes, around)):
        if number == len(larger):
            yield _rectangle(area, f"{len(files) - len(larger)} smaller files: {rest:,} bytes", "rest")
            continue
        file = larger[number]
        yield _rectangle(area, f"{file.path}: {file.packed_size:,} bytes", "file")
        if area.height > _HEAD and area.width > 8 * _LETTER:
            yield _text(file.path.rpartition("/")[2], area.x + 3, area.y + 13, area.width - 6)


def _rectangle(area: Area, title: str, kind: str) -> str:
    return (
        f'<rect class="{kind}" x="{area.x:.1f}" y="{area.y:.1f}" width="{max(area.width, 0):.1f}" '
        f'height="{max(area.height, 0):.1f}"><title>{printable_html(title)}</title></rect>'
    )


def _text(text: str, x: float, y: float, width: float) -> str:
    letters = int(width / _LETTER)
    shown = text if len(text) <= letters else f"{text[: max(letters - 1, 1)]}…"
    return f'<text x="{x:.1f}" y="{y:.1f}">{printable_html(shown)}</text>'
