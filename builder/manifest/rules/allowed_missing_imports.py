from __future__ import annotations

from typing import TYPE_CHECKING

from builder.manifest.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """``[build.allow-missing-imports]`` maps a module, as it is imported, to a reason that is not blank."""
    for module, reason in subject.subtable("allow-missing-imports").items():
        if isinstance(reason, str) and not reason.strip():
            yield Finding(
                path=("allow-missing-imports", module),
                message="The value must say why the function works without the module.",
                hint='For example ujson = "falls back to json".',
            )
