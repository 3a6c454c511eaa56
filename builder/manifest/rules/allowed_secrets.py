from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.manifest.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject

_PLACE = re.compile(r"[^:]+:[a-z0-9]+(?:-[a-z0-9]+)*")
_SHOWN = 'For example "src/index.py:google-api-key" = "a browser key, which Google publishes too".'


def check(subject: Subject) -> Iterator[Finding]:
    """``[build.allow-secrets]`` maps a file and a kind, as the error named them, to a reason that says something."""
    for place, reason in subject.subtable("allow-secrets").items():
        if not _PLACE.fullmatch(place):
            yield Finding(
                path=("allow-secrets", place),
                message="The key is FILE:KIND as `biot-plugin check` named them, with the path from plugin.toml on.",
                hint=_SHOWN,
            )
        if isinstance(reason, str) and not reason.strip():
            yield Finding(
                path=("allow-secrets", place),
                message="The value says why this is no secret, for whoever reviews the plugin.",
                hint=_SHOWN,
            )
