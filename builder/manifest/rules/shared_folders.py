from __future__ import annotations

from typing import TYPE_CHECKING

from builder.manifest.finding import Finding
from builder.manifest.rules.path_settings import path_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """``[build.shared]`` maps a folder of the repository to a folder inside the artifact."""
    for folder, target in subject.subtable("shared").items():
        message = path_problem(folder) or (_target_problem(target) if isinstance(target, str) else "")
        if message:
            yield Finding(path=("shared", folder), message=message, hint='For example "../common" = "common".')


def _target_problem(target: str) -> str:
    if path_problem(target) or not {"", ".", ".."}.isdisjoint(target.split("/")):
        return "The value must be a folder in the artifact: relative, with / between folders."
    return ""
