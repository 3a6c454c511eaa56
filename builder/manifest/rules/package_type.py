from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.errors import Severity
from builder.manifest.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject

# Docker's grammar for tags; the length is in the schema.
TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"


def check(subject: Subject) -> Iterator[Finding]:
    """ZIP needs a runtime and has no image tag; IMAGE needs a runtime to be built, or the tag of a pushed image."""
    if subject.text("deploymentPackageType", "ZIP") == "IMAGE":
        yield from _image(subject)
        if subject.prebuilt:
            message = "A prebuilt artifact can only be a ZIP; other tools push a finished image."
            hint = "Delete prebuilt under [build] and add an imageTag; or delete deploymentPackageType."
            yield Finding(path=("deploymentPackageType",), message=message, hint=hint)
    else:
        yield from _zip(subject)


def _zip(subject: Subject) -> Iterator[Finding]:
    if "imageTag" in subject.written:
        yield Finding(
            path=("imageTag",),
            message="A ZIP plugin must not have an imageTag.",
            hint='Delete the line, or set deploymentPackageType = "IMAGE".',
        )
    if "runtime" not in subject.written:
        yield Finding(
            path=("runtime",),
            message="runtime is missing: a ZIP plugin needs it.",
            hint='Add runtime = "python3.13" or runtime = "nodejs22.x".',
        )


def _image(subject: Subject) -> Iterator[Finding]:
    if not subject.written & {"imageTag", "runtime"}:
        yield Finding(
            path=("imageTag",),
            message="An IMAGE plugin needs an imageTag if its image is pushed, or a runtime so that the kit builds it.",
            hint='Add imageTag = "1.4.0" or runtime = "python3.13"; `publish --image-tag` overrides both.',
        )
    tag = subject.text("imageTag")
    if tag and not re.fullmatch(TAG, tag):
        yield Finding(
            path=("imageTag",),
            message="The tag must start with a letter, digit or underscore; dots and hyphens may follow.",
            hint='Write only the tag, without repository and colon: imageTag = "1.4.0".',
        )
    if {"handler", "imageTag"} <= subject.written:
        yield Finding(
            path=("handler",),
            message="The handler has no effect with an imageTag: the CMD of the pushed image says what Lambda calls.",
            hint="Delete the handler; or delete the imageTag, so that the kit builds the image.",
            severity=Severity.WARNING,
        )
