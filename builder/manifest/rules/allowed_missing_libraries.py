from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.manifest.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject

_LIBRARY = r"[A-Za-z0-9._+@-]+(?:\.so(?:\.[A-Za-z0-9._-]+)?|\.node)"
_NPM_PACKAGE = r"@[a-z0-9~-][a-z0-9._~-]*/[a-z0-9._~-]+|[a-z0-9~-][a-z0-9_~-]*"
_EXAMPLE = 'For example "libtbb.so.12" = "numba falls back to its own thread pool".'


def check(subject: Subject) -> Iterator[Finding]:
    """``[build.allow-missing]`` maps the name of a library or an npm package to a reason that is not blank."""
    for library, reason in subject.subtable("allow-missing").items():
        if not re.fullmatch(_LIBRARY, library) and not re.fullmatch(_NPM_PACKAGE, library):
            yield Finding(
                path=("allow-missing", library),
                message="The key must be the name of a library or Node binary, without folders, or of an npm package.",
                hint=_EXAMPLE,
            )
        if isinstance(reason, str) and not reason.strip():
            yield Finding(
                path=("allow-missing", library),
                message="The value must say why the function works without it.",
                hint=_EXAMPLE,
            )
