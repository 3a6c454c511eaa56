from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.manifest.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject

_PLACE = re.compile(r"[^:]+:[a-z0-9]+(?:-[a-z0-9]+)*")
_EXAMPLE = 'For example "src/index.py:google-api-key" = "a browser key, which Google publishes too".'


def check(subject: Subject) -> Iterator[Finding]:
    """``[build.allow-secrets]`` maps FILE:KIND, as the error names them, to a reason that is not blank."""
    for place, reason in subject.subtable("allow-secrets").items():
        if not _PLACE.fullmatch(place):
            yield Finding(
                path=("allow-secrets", place),
                message="The key must be FILE:KIND as `biot-plugin check` prints it, such as src/index.py:jwt.",
                hint=_EXAMPLE,
            )
        if isinstance(reason, str) and not reason.strip():
            yield Finding(
                path=("allow-secrets", place),
                message="The value must say why this is not a secret.",
                hint=_EXAMPLE,
            )
