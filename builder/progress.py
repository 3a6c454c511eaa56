"""The interface for progress of long work; the command line decides how to show it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the steps of one task at a time."""

    def begin(self, task: str, total: int) -> None:
        """A task starts, with ``total`` steps (0 when unknown). Ends the task before it."""

    def advance(self, item: str) -> None:
        """One step is done; ``item`` names its package or file."""

    def note(self, message: str) -> None:
        """A line that the user should read once, such as an ignored setting."""


class SilentProgress:
    """Progress that is not shown."""

    def begin(self, task: str, total: int) -> None:
        """Do nothing."""

    def advance(self, item: str) -> None:
        """Do nothing."""

    def note(self, message: str) -> None:
        """Do nothing."""
