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

Written by `tox -e faults` on {day}; do not edit. This run: {machine}, {seconds:.0f} s.

The commands of the kit run against the local BioT, over real sockets, through a gate that plays faults of networks,
gateways, servers and other people (`sandbox/faults/fault_list.py`). After each run, the verdict of the command is
compared with the database of the local BioT. A verdict is wrong when it says "done" and BioT has something else,
"nothing changed" and something did change, or "conflict" and nobody else changed anything. A command that ends in a
traceback counts as wrong too. "Unknown" is never wrong, but counts as not recovered. Waiting is virtual on both
sides: retries come at once, and a request to a server that does not answer times out as soon as the pauses of the
server add up to the client's limit. So only the figures of speed depend on the machine.

Several publishers of one plugin run in virtual time. A seed decides when each request is sent, arrives, takes effect,
is answered or times out, and the server still carries out requests whose clients have stopped waiting. A slow server
takes up to an hour; in half of the cases it takes about as long as its client or gateway waits.

"""
LIMITS = """
## What the figures cannot say

- The local BioT follows BioT's specification 2.4.2. A real BioT may do other things; nobody has tried that here.
- BioT has no optimistic lock. Code never overwrites other code unseen, because each version can be used only once, and
  BioT refuses settings that arrive after other code. But two people may set the same field without code, or one may
  set a field while the other publishes code with another value for it. If each sends between the other's reading and
  sending, the later one wins, and an earlier "done" was true only until then.
- A settings request that got no answer is sent again, and BioT may still carry out the first copy after somebody else
  has changed the same settings. Nothing can cancel it, so the last line of `publish` says that a copy may still be
  applied.
- A request that got no answer and that BioT carries out minutes later is reported as "unknown", never as "done" or
  "not applied"; the next `plan` shows what BioT has.
- Ratios compare with a program that does the same work on the same machine in the same minute, in turn.

"""


def page(figures: Figures, *, day: date, seconds: float) -> str:
    """docs/reliability.md."""
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    about = ABOUT.format(day=day.isoformat(), machine=machine, seconds=seconds)
    tables = [line for heading, lines in figures.tables.items() for line in (f"## {heading}", "", *lines, "")]
    return about + "\n".join([*figures.lines(), ""]) + LIMITS + "\n".join(tables)
