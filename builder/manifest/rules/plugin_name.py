from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.manifest.finding import Finding
from builder.platform.limits import NAME_MAX, NAME_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject

# BioT's own expression has no anchors, so its server may let more pass than Lambda takes.
_NAME = r"[a-zA-Z0-9_-]+"
_UNFIT = r"[^a-zA-Z0-9]+"


def check(subject: Subject) -> Iterator[Finding]:
    """A name has 1 to 57 letters, digits, hyphens and underscores, and not the prefix that BioT adds."""
    name = subject.text("name")
    if name and not re.fullmatch(_NAME, name):
        fit = re.sub(_UNFIT, "-", name).strip("-")[:NAME_MAX].lower()
        yield Finding(
            path=("name",),
            message="A name holds only the letters a-z and A-Z, digits, hyphens and underscores.",
            hint=f'For example name = "{fit}".' if fit else 'For example name = "age-calculator".',
        )
    elif name.startswith(NAME_PREFIX):
        yield Finding(
            path=("name",),
            message=f"BioT itself puts {NAME_PREFIX} before every name, so it must not be written here.",
            hint=f'Write name = "{name.removeprefix(NAME_PREFIX)}".',
        )
