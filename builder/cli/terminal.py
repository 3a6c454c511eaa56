"""Whether a terminal is attached, how wide it is, and the questions that a person answers on it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

_NARROWEST = 40
_PIPE_COLUMNS = 80


def can_read_answers() -> bool:
    """Whether a person at a terminal can type answers."""
    return sys.stdin.isatty()


def can_show_progress() -> bool:
    """Whether standard error is a terminal."""
    return sys.stderr.isatty()


def table_width() -> int | None:
    """Columns that a table may take; None in a pipe, where no cell is cut."""
    return _columns() if sys.stdout.isatty() else None


def text_width() -> int:
    """Columns after which text wraps: those of the terminal, and 80 in a pipe."""
    return _columns() if sys.stdout.isatty() else _PIPE_COLUMNS


def code_prompt() -> Callable[[], str] | None:
    """A function that asks for the code of a second factor; None when there is nobody to ask."""
    return ask_code if can_read_answers() and can_show_progress() else None


def ask_code() -> str:
    """Ask the person at the terminal for the code of a second factor."""
    code: str = click.prompt("Code of the second factor", err=True)
    return code.strip()


def _columns() -> int:
    import shutil  # it loads bz2 and lzma, which a run that finds nothing changed does without

    return max(shutil.get_terminal_size().columns, _NARROWEST)
