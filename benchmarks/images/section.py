"""One part of docs/images.md: a heading, a sentence, and rows with their bars."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    """What was counted or measured, what is required, and the result."""

    what: str
    bar: str
    figure: str
    met: bool

    @property
    def verdict(self) -> str:
        return "met" if self.met else "**missed**"


@dataclass(frozen=True, kw_only=True)
class Section:
    """One part of the page.

    Attributes:
        heading: Of the part.
        about: How it was measured, in a few sentences.
        rows: The results.
    """

    heading: str
    about: str
    rows: tuple[Row, ...]

    def lines(self) -> list[str]:
        """The part as Markdown."""
        rows = [f"| {row.what} | {row.bar} | {row.figure} | {row.verdict} |" for row in self.rows]
        table = ["| what | bar | result | |", "|---|---|---|---|", *rows]
        return [f"## {self.heading}", "", self.about, "", *table, ""]
