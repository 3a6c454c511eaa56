"""The results of the proofs, as a table in the terminal and as docs/reliability.md."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One thing that was counted or measured."""

    what: str
    bar: str
    figure: str
    met: bool


@dataclass(kw_only=True)
class Figures:
    """All of one run, in the order of the tests; ``tables`` are longer ones for the page alone, by heading."""

    rows: list[Figure] = field(default_factory=list)
    tables: dict[str, list[str]] = field(default_factory=dict)

    def add(self, what: str, bar: str, figure: str, *, met: bool) -> None:
        self.rows.append(Figure(what=what, bar=bar, figure=figure, met=met))

    def lines(self) -> Iterator[str]:
        """The rows as Markdown, which reads well in a terminal too."""
        yield from ("| what | bar | figure | |", "|---|---|---|---|")
        for row in self.rows:
            yield f"| {row.what} | {row.bar} | {row.figure} | {'met' if row.met else '**missed**'} |"


ABOUT = """\
# How reliable publishing is

Made by `tox -e faults` on {day}; do not edit. This run: {machine}, {seconds:.0f} s.

The commands of the kit run against the local BioT, over real sockets, through a gate that plays faults of networks,
gateways, servers and other people (`sandbox/faults/fault_list.py`). After each run, what the command claimed is
compared with what the local BioT's database holds. A verdict is wrong when it says "done" and BioT has
something else, "nothing changed" and something did, or "conflict" and nobody else was there; a command that
ends in a traceback counts as wrong too. "Unknown" is never wrong, but counts as not recovered. Waiting is
virtual on both sides: retries come at once, and a server that does not answer is given up as soon as its pauses
add up to the client's limit, so no figure but those of speed depends on the machine.

Several publishers of one plugin run in virtual time altogether. When each request is sent, arrives, takes effect, is
answered or is given up is drawn from a seed, and the server still carries out what its client has given up. A server
that is slowed takes up to an hour, half of the time just about as long as its client or gateway waits.

"""
LIMITS = """
## What the figures cannot say

- The local BioT is written from BioT's specification 2.4.2. What a real BioT does beside it, nobody has tried here.
- BioT has no optimistic lock. Code never overwrites other code unseen, because a version is taken once, and settings
  that arrive after other code are refused. But when two people set the same field without code, or one sets a field
  and the other publishes code with another value for it, each within the moment between the other's reading and
  sending, the later one wins, and an earlier "done" was true only until then.
- A settings request that got no answer is sent again, and BioT may still carry out the first copy after somebody else
  changed the same settings. Nothing can recall it, so the last line of `publish` says that a copy may still be applied.
- A request that got no answer and that BioT carries out minutes later is reported as "unknown", never as "done" or
  "not applied"; the next `plan` shows what BioT has.
- Ratios compare with a program that does the same work on the same machine in the same minute, one after the other.

"""


def page(figures: Figures, *, day: date, seconds: float) -> str:
    """docs/reliability.md."""
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    about = ABOUT.format(day=day.isoformat(), machine=machine, seconds=seconds)
    tables = [line for heading, lines in figures.tables.items() for line in (f"## {heading}", "", *lines, "")]
    return about + "\n".join([*figures.lines(), ""]) + LIMITS + "\n".join(tables)
