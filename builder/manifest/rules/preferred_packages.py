from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.manifest.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject

# Names on PyPI, and on npm with or without a scope.
_PACKAGE = r"(?:@[A-Za-z0-9._~-]+/)?[A-Za-z0-9._~-]+"


def check(subject: Subject) -> Iterator[Finding]:
    """``[build.prefer]`` maps a path inside the artifact to a package."""
    for path, package in subject.subtable("prefer").items():
        parts = path.split("/")
        if "" in parts or ".." in parts or "." in parts or "\\" in path:
            yield Finding(
                path=("prefer", path),
                message="The key must be the path of a file in the artifact: relative, with / between folders.",
                hint='For example "backports/__init__.py" = "backports.tarfile".',
            )
        if isinstance(package, str) and not re.fullmatch(_PACKAGE, package):
            yield Finding(
                path=("prefer", path),
                message="The value must be the name of a package as in the lock.",
                hint='For example "backports/__init__.py" = "backports.tarfile".',
            )
