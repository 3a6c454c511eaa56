from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.manifest.finding import Finding
from builder.manifest.rules.subject import text_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"


def check(subject: Subject) -> Iterator[Finding]:
    """``[build] allow-sdist`` lists names of Python packages."""
    for index, name in text_items(subject.table, "allow-sdist"):
        if not re.fullmatch(_NAME, name):
            yield Finding(
                path=("allow-sdist", index),
                message="The entry must be only the name of a Python package: its version is in the lock.",
                hint='For example allow-sdist = ["docopt"].',
            )
