from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.manifest.finding import Finding
from builder.manifest.rules.subject import text_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject

# What a browser sends as Origin: scheme, host and port, nothing after them.
_ORIGIN = r"[a-z][a-z0-9+.-]*://(?:[A-Za-z0-9*-]+(?:\.[A-Za-z0-9*-]+)*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
# RFC 9110: the characters of a field name.
_HEADER = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"


def check(subject: Subject) -> Iterator[Finding]:
    """Origins are what a browser sends; headers are header names."""
    table = subject.subtable("cors")
    for index, origin in text_items(table, "allowOrigins"):
        if origin != "*" and not re.fullmatch(_ORIGIN, origin):
            yield Finding(
                path=("cors", "allowOrigins", index),
                message="An origin must be * or scheme, host and port, without a path or a slash at the end.",
                hint='For example allowOrigins = ["https://portal.example.com"].',
            )
    for key in ("allowHeaders", "exposeHeaders"):
        for index, header in text_items(table, key):
            if not re.fullmatch(_HEADER, header):
                yield Finding(
                    path=("cors", key, index),
                    message="This is not a valid header name: use letters, digits and hyphens, no spaces and no colon.",
                    hint=f'For example {key} = ["content-type"].',
                )
