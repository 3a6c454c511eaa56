"""The command line: the only place that parses arguments, prints and exits."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import NoReturn

_COLLECTION_THRESHOLD = 100_000
"""More objects than a build creates; a command that runs for hours still collects its garbage."""
_STANDARD_ERROR = 2


def main() -> NoReturn:
    """Entry point of ``biot-plugin``."""
    if sys.getfilesystemencoding() != "utf-8":
        from builder.host.process import restart_in_utf8_mode

        restart_in_utf8_mode()
    # Most commands end before a collection pays off: it took a twelfth of the time of `package`.
    gc.set_threshold(_COLLECTION_THRESHOLD)
    _open_closed_streams()
    # Ctrl-C while modules are imported is noted here and reported by `run`, as at any other time.
    early_signals: list[int] = []
    handles_interrupts = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if handles_interrupts:
        signal.signal(signal.SIGINT, lambda number, _frame: early_signals.append(number))
    from builder.cli.app import run

    if handles_interrupts:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    code = run(sys.argv[1:], interrupted=bool(early_signals))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command has ended; nothing changes its exit code any more
    _end_process(code)


def _end_process(code: int) -> NoReturn:
    """End without deleting every object of the interpreter first, which takes 4 of the 140 ms of a small `package`.

    mypy ends in the same way. Threads that still work, after a second Ctrl-C, are waited for as usual.
    """
    if sum(not thread.daemon for thread in threading.enumerate()) > 1:
        sys.exit(code)  # noqa: TID251 - the one exit
    atexit._run_exitfuncs()  # noqa: SLF001 - coverage.py writes its data there; no public function runs them
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _open_closed_streams() -> None:
    """Replace a closed standard stream (``>&-``) by an empty one: a file of the kit must not get its number."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        pass
    os.close(descriptor)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open until the process ends
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


__all__ = ["main"]
