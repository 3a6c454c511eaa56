"""What long work tells while it goes on; how it looks is the command line's business."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the steps of one piece of work at a time."""

    def begin(self, task: str, total: int) -> None:
        """A piece of work starts: ``total`` steps, 0 when unknown. Ends the one before it."""

    def advance(self, item: str) -> None:
        """One step is done; ``item`` names it (a package, a file)."""

    def note(self, message: str) -> None:
        """One line the user should read once, such as a setting that was ignored."""


class SilentProgress:
    """Progress that nobody watches."""

    def begin(self, task: str, total: int) -> None:
        """Do nothing."""

    def advance(self, item: str) -> None:
        """Do nothing."""

    def note(self, message: str) -> None:
        """Do nothing."""
