from __future__ import annotations

from typing import TYPE_CHECKING

from builder.manifest.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A display name is one line that is not blank: BioT puts it into an environment variable and into lists."""
    name = subject.text("displayName")
    if name and not name.strip():
        message = "The display name must not be blank."
        yield Finding(path=("displayName",), message=message, hint='For example displayName = "Age Calculator".')
    elif len(name.splitlines()) > 1 or name.endswith(("\n", "\r")):
        message = "The display name must be a single line."
        yield Finding(path=("displayName",), message=message, hint="Write it on one line.")
