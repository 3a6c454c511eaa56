from __future__ import annotations

from typing import TYPE_CHECKING

from builder.manifest.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A display name is one line that is not blank; BioT puts it into an environment variable and a list."""
    shown = subject.text("displayName")
    if shown and not shown.strip():
        message = "The display name is blank."
        yield Finding(path=("displayName",), message=message, hint='For example displayName = "Age Calculator".')
    elif len(shown.splitlines()) > 1 or shown.endswith(("\n", "\r")):
        message = "The display name has more than one line."
        yield Finding(path=("displayName",), message=message, hint="Write it on one line.")
