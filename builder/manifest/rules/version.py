from __future__ import annotations

from typing import TYPE_CHECKING

from builder.errors import Severity
from builder.manifest.finding import Finding
from builder.platform.limits import VERSION_MAX, VERSION_WARNING_FROM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """Versions only grow, so the last ones are worth a warning."""
    version = subject.table.get("version")
    if isinstance(version, int) and version > VERSION_WARNING_FROM:
        yield Finding(
            path=("version",),
            message=f"Only {VERSION_MAX - version} more releases are possible: versions end at {VERSION_MAX}.",
            hint="Plan a plugin with a new name; a version never goes back.",
            severity=Severity.WARNING,
        )
