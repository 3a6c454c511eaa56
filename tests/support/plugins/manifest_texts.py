"""Small manifests for tests, and functions that read them."""

from __future__ import annotations

from datetime import date
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, cast

from builder.errors import ManifestError, Problem, Severity
from builder.manifest import LoadedManifest, parse

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 20)
# Tests use only its name and parent; unit tests do not touch the disk.
FILE = cast("Path", PurePosixPath("/plugin/plugin.toml"))

HEAD = """\
[plugin]
name = "age-calculator"
displayName = "Age Calculator"
version = 1
"""
PLAIN = HEAD + 'runtime = "python3.13"\n'


def read(text: str, *, environment: str | None = None, today: date = TODAY) -> LoadedManifest:
    return parse(text, file=FILE, environment=environment, today=today)


def problems_of(text: str, *, environment: str | None = None, today: date = TODAY) -> tuple[Problem, ...]:
    """All findings about a text, including warnings."""
    try:
        return read(text, environment=environment, today=today).warnings
    except ManifestError as error:
        return error.problems


def messages_by_key(text: str, *, today: date = TODAY) -> dict[str, str]:
    """Key -> its first message; a warning starts with a question mark."""
    messages: dict[str, str] = {}
    for problem in problems_of(text, today=today):
        mark = "? " if problem.severity is Severity.WARNING else ""
        messages.setdefault(problem.key, mark + problem.message)
    return messages
