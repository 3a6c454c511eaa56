from __future__ import annotations

from typing import TYPE_CHECKING

from builder.errors import Severity
from builder.manifest.finding import Finding
from builder.platform.limits import VERSION_MAX, VERSION_WARNING_FROM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A version only grows, so a plugin that nears the last one gets a warning."""
    version = subject.table.get("version")
    if isinstance(version, int) and version > VERSION_WARNING_FROM:
        yield Finding(
            path=("version",),
            message=f"Releases left: {VERSION_MAX - version}. The last possible version is {VERSION_MAX}.",
            hint="Plan a new plugin with a new name: a version cannot go back.",
            severity=Severity.WARNING,
        )
