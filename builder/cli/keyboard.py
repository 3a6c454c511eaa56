"""Single keys that a person presses on a terminal, without Enter."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from builder.cli.terminal import can_read_answers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def pressed_keys() -> Iterator[Callable[[], str]]:
    """A function that returns the key that was pressed since the last call; empty without one, and without a terminal.

    Ctrl-C still interrupts. The terminal is as before afterwards.
    """
    if not can_read_answers():
        yield lambda: ""
    elif sys.platform == "win32":
        import msvcrt

        yield lambda: msvcrt.getwch() if msvcrt.kbhit() else ""
    else:
        with _single_characters():
            yield _read_waiting_character


@contextmanager
def _single_characters() -> Iterator[None]:
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _read_waiting_character() -> str:
    import select

    ready, _, _ = select.select([sys.stdin], [], [], 0)
    return sys.stdin.read(1) if ready else ""
