from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.errors import Severity
from builder.manifest.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject

# Docker's grammar of a tag; its length is in the schema.
TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"


def check(subject: Subject) -> Iterator[Finding]:
    """ZIP needs a runtime and has no image tag; IMAGE needs a tag or a runtime and has no handler."""
    if subject.text("deploymentPackageType", "ZIP") == "IMAGE":
        yield from _image(subject)
    else:
        yield from _zip(subject)


def _zip(subject: Subject) -> Iterator[Finding]:
    if "imageTag" in subject.written:
        yield Finding(
            path=("imageTag",),
            message="A ZIP plugin has no image tag.",
            hint='Delete the line, or write deploymentPackageType = "IMAGE".',
        )
    if "runtime" not in subject.written:
        yield Finding(
            path=("runtime",),
            message="runtime is missing; a ZIP plugin needs one.",
            hint='For example runtime = "python3.13" or runtime = "nodejs22.x".',
        )


def _image(subject: Subject) -> Iterator[Finding]:
    if not subject.written & {"imageTag", "runtime"}:
        yield Finding(
            path=("imageTag",),
            message="An IMAGE plugin needs an imageTag, or a runtime from which BioT chooses its seed image.",
            hint='For example imageTag = "1.4.0" or runtime = "python3.13"; --image-tag of publish goes before both.',
        )
    tag = subject.text("imageTag")
    if tag and not re.fullmatch(TAG, tag):
        yield Finding(
            path=("imageTag",),
            message="A tag starts with a letter, a digit or an underscore; dots and hyphens may follow.",
            hint='Write only the tag, without repository and colon, such as imageTag = "1.4.0".',
        )
    if "handler" in subject.written:
        yield Finding(
            path=("handler",),
            message="BioT ignores the handler of an IMAGE plugin; the image's CMD says what Lambda calls.",
            hint="Delete the line.",
            severity=Severity.WARNING,
        )
