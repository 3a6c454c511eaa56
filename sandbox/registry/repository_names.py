"""What the OCI distribution specification allows as names, tags and digests, and the one repository for plugins."""

from __future__ import annotations

import re

from builder.oci import is_digest
from builder.platform.limits import IMAGE_TAG_MAX
from sandbox.web.biot_errors import ApiError

PLUGIN_REPOSITORY = "local-biot/plugins"
"""The repository of all plugins of this environment: BioT's ``repositoryUri`` names one for all."""

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
_NAME_MAX = 255
_TAG = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_.-]{{0,{IMAGE_TAG_MAX - 1}}}")


def checked_repository(name: str) -> str:
    """Return the name of a repository.

    Raises:
        ApiError: 400 ``NAME_INVALID``.
    """
    if len(name) > _NAME_MAX or not _NAME.fullmatch(name):
        msg = "The name of a repository has lower-case letters, digits, and single separators between them."
        raise ApiError(400, "NAME_INVALID", msg, {"name": name})
    return name


def checked_digest(text: str) -> str:
    """Return a digest.

    Raises:
        ApiError: 400 ``DIGEST_INVALID``: it is not ``sha256:`` and 64 hexadecimal digits.
    """
    if not is_digest(text):
        msg = "A digest is sha256: and 64 lower-case hexadecimal digits; no other algorithm is supported."
        raise ApiError(400, "DIGEST_INVALID", msg, {"digest": text})
    return text


def checked_reference(text: str) -> str:
    """Return a tag or a digest.

    Raises:
        ApiError: 400 ``DIGEST_INVALID`` or ``TAG_INVALID``.
    """
    if ":" in text:
        return checked_digest(text)
    if not _TAG.fullmatch(text):
        msg = (
            f"A tag has 1 to {IMAGE_TAG_MAX} letters, digits, underscores, dots and hyphens, "
            "and does not start with a dot or hyphen."
        )
        raise ApiError(400, "TAG_INVALID", msg, {"tag": text})
    return text
