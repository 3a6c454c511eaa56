"""Tables of the page of ``inspect --html``. Every text in them is escaped here and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.quoting import printable_html

if TYPE_CHECKING:
    from collections.abc import Sequence

NOTHING = "-"
_UNITS = ("bytes", "kB", "MB")


def table(heads: Sequence[str], lines: Sequence[str]) -> str:
    """A table of lines that ``row`` returned for the same headings."""
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(lines) + "\n</tbody></table>"


def row(heads: Sequence[str], cells: Sequence[str], *markup: str) -> str:
    """One line. Cells are texts; ``markup`` are further cells that already are HTML."""
    first, *others = cells
    texts = [*map(printable_html, others), *markup]
    marked = [f'<td data-label="{head}">{text}</td>' for head, text in zip(heads[1:], texts, strict=True)]
    return f'<tr><th scope="row">{printable_html(first)}</th>{"".join(marked)}</tr>'


def folded(texts: Sequence[str]) -> str:
    """A list that opens with a click on its number of items."""
    if not texts:
        return NOTHING
    items = "".join(f"<li>{printable_html(text)}</li>" for text in sorted(texts))
    return f"<details><summary>{len(texts)}</summary><ul>{items}</ul></details>"


def readable(size_bytes: int) -> str:
    """``1.2 MB``, with 1 kB = 1024 bytes as in Lambda's limits."""
    size = float(size_bytes)
    for unit in _UNITS[:-1]:
        if size < 1024:  # noqa: PLR2004 - bytes in a kB, as in Lambda's limits
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} {_UNITS[-1]}"
