from __future__ import annotations

from typing import TYPE_CHECKING

from builder.manifest.finding import Finding
from builder.manifest.rules.path_settings import path_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """``[build.shared]`` maps a folder of the repository to a folder inside the artifact."""
    for folder, place in subject.subtable("shared").items():
        reason = path_problem(folder) or (_place_fault(place) if isinstance(place, str) else "")
        if reason:
            yield Finding(path=("shared", folder), message=reason, hint='For example "../common" = "common".')


def _place_fault(place: str) -> str:
    if path_problem(place) or not {"", ".", ".."}.isdisjoint(place.split("/")):
        return "The place is a folder inside the artifact, relative and with / between its parts."
    return ""
