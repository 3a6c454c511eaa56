from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.manifest.finding import Finding
from builder.platform.limits import NAME_MAX, NAME_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject

# BioT's own pattern has no anchors, so its server may accept names that Lambda rejects.
_NAME = r"[a-zA-Z0-9_-]+"
_OTHER_CHARACTERS = r"[^a-zA-Z0-9]+"


def check(subject: Subject) -> Iterator[Finding]:
    """A name is of letters, digits, hyphens and underscores, without the prefix that BioT adds."""
    name = subject.text("name")
    if name and not re.fullmatch(_NAME, name):
        corrected = re.sub(_OTHER_CHARACTERS, "-", name).strip("-")[:NAME_MAX].lower()
        yield Finding(
            path=("name",),
            message="The name must have only the letters a-z and A-Z, digits, hyphens and underscores.",
            hint=f'For example name = "{corrected}".' if corrected else 'For example name = "age-calculator".',
        )
    elif name.startswith(NAME_PREFIX):
        yield Finding(
            path=("name",),
            message=f"The name must not start with {NAME_PREFIX}: BioT adds this prefix itself.",
            hint=f'Write name = "{name.removeprefix(NAME_PREFIX)}".',
        )
