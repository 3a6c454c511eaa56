"""The command line: the only place that parses arguments, prints and exits."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import NoReturn

_WORTH_COLLECTING = 100_000
"""More objects than a build makes; a command that goes on for hours still has its garbage collected."""
_STANDARD_ERROR = 2


def main() -> NoReturn:
    """Entry point of ``biot-plugin``."""
    if sys.getfilesystemencoding() != "utf-8":
        from builder.process import restart_in_utf8_mode

        restart_in_utf8_mode()
    # A command ends before looking for unreachable cycles pays: that took a twelfth of the time of `package`.
    gc.set_threshold(_WORTH_COLLECTING)
    _open_what_is_closed()
    # Ctrl-C while modules are imported is told like any other, by what can tell it.
    early: list[int] = []
    heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heard:
        signal.signal(signal.SIGINT, lambda number, _frame: early.append(number))
    from builder.cli.app import run

    if heard:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    code = run(sys.argv[1:], interrupted=bool(early))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command has ended; its exit code stands
    gc.freeze()  # what is left goes with the process
    sys.exit(code)  # noqa: TID251 - the one exit


def _open_what_is_closed() -> None:
    """Without an input or output (``>&-``), have an empty one: a file of the kit's must not take its number."""
    while (nowhere := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        pass
    os.close(nowhere)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open as long as the process
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


__all__ = ["main"]
