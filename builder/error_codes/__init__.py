"""What each error code means, for ``biot-plugin explain`` and for the documentation.

The texts are data: ``explanations.toml``. A code is the ``kind`` of an error or the ``code`` of a problem
(``builder.errors``).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).with_name("explanations.toml")


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorCode:
    """One code.

    Attributes:
        code: Lower-case words with hyphens, such as ``manifest-cron-schedule``.
        exit_code: Exit code of the command; 0 when the code only marks warnings.
        title: What is wrong, in a few words.
        cause: What happened.
        fix: What to do.
        example: Lines of plugin.toml as they should be, or empty.
    """

    code: str
    exit_code: int
    title: str
    cause: str
    fix: str
    example: str = ""


def read_error_codes() -> dict[str, ErrorCode]:
    """All codes, in the order of their explanation."""
    tables = tomllib.loads(_FILE.read_text("utf-8"))
    return {
        code: ErrorCode(
            code=code,
            exit_code=table["exit"],
            title=table["title"],
            cause=table["cause"],
            fix=table["fix"],
            example=table.get("example", ""),
        )
        for code, table in tables.items()
    }
