"""The command line: the only place that parses arguments, prints and exits."""

from __future__ import annotations

import gc
import sys
from typing import NoReturn

_WORTH_COLLECTING = 100_000
"""More objects than a build makes; a command that goes on for hours still has its garbage collected."""


def main() -> NoReturn:
    """Entry point of ``biot-plugin``."""
    if sys.getfilesystemencoding() != "utf-8":
        from builder.process import replace_with_utf8_python

        replace_with_utf8_python()
    # A command ends before looking for unreachable cycles pays: that took a twelfth of the time of `package`.
    gc.set_threshold(_WORTH_COLLECTING)
    from builder.cli.app import run

    code = run(sys.argv[1:])
    gc.freeze()  # what is left goes with the process
    sys.exit(code)  # noqa: TID251 - the one exit


__all__ = ["main"]
