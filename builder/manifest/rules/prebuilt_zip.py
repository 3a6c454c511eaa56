from __future__ import annotations

from typing import TYPE_CHECKING

from builder.manifest.finding import Finding
from builder.manifest.rules.path_settings import path_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject

_ALSO_USED = {"prebuilt", "allow-secrets"}


def check(subject: Subject) -> Iterator[Finding]:
    """``[build] prebuilt`` is a path; the other keys of ``[build]`` say how the kit builds, so they have no effect."""
    if not subject.prebuilt:
        return
    if message := path_problem(subject.text("prebuilt")):
        yield Finding(path=("prebuilt",), message=message, hint='For example prebuilt = "target/plugin.zip".')
    for key in sorted(subject.written - _ALSO_USED):
        message = f"With prebuilt, {key} has no effect: the kit builds nothing."
        yield Finding(path=(key,), message=message, hint="Delete the line; or delete prebuilt, to let the kit build.")
