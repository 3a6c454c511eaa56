"""Progress on a terminal: one bar, shown only when the work takes long enough to be noticed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from builder.cli.output import print_to_stderr
from builder.cli.terminal import can_show_progress
from builder.quoting import printable

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

DELAY_SECONDS = 0.4


class TerminalProgress:
    """Shows a bar on standard error when a terminal is attached; notes are printed in any case."""

    def __init__(self, *, quiet: bool) -> None:
        self._show = can_show_progress() and not quiet
        self._quiet = quiet
        self._task = ""
        self._total = 0
        self._done = 0
        self._started = 0.0
        self._bar: tuple[Bar, TaskID] | None = None

    def begin(self, task: str, total: int) -> None:
        """Start a piece of work; the bar of the previous one disappears."""
        self.close()
        self._task, self._total, self._done, self._started = task, total, 0, time.monotonic()

    def advance(self, item: str) -> None:
        """Count one finished step; the bar appears once the work has taken ``DELAY_SECONDS``."""
        self._done += 1
        if not self._show:
            return
        if self._bar is None and time.monotonic() - self._started > DELAY_SECONDS:
            self._bar = _start_bar(self._task, self._total)
        if self._bar is not None:
            bar, task = self._bar
            bar.update(task, completed=self._done, item=printable(item))

    def note(self, message: str) -> None:
        """Print one line to standard error."""
        if not self._quiet:
            print_to_stderr(f"note: {message}")

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar[0].stop()
            self._bar = None


def _start_bar(task: str, total: int) -> tuple[Bar, TaskID]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[item]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
    bar.start()
    return bar, bar.add_task(task, total=total or None, item="")
