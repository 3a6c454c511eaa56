"""The command line: the only place that parses arguments, prints and exits."""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Entry point of ``biot-plugin``."""
    if sys.getfilesystemencoding() != "utf-8":
        from builder.process import replace_with_utf8_python

        replace_with_utf8_python()
    from builder.cli.app import run

    sys.exit(run(sys.argv[1:]))  # noqa: TID251 - the one exit


__all__ = ["main"]
