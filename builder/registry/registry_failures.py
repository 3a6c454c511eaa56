"""How requests to a registry can fail, distinguished by what is known afterwards.

As with BioT's API (``builder.publishing.failures``), each has a ``kind`` that ``--json`` prints, and
all end with exit code 8. A push that ends in ``conflict`` or ``unknown`` has this kind; after all
others the registry does not have the tag.
"""

from __future__ import annotations

from typing import ClassVar

from builder.errors import PublishError


class RegistryError(PublishError):
    """A registry did not do what was asked."""

    kind: ClassVar[str] = "registry"

    def extend(self, before: str = "", after: str = "") -> None:
        """Add sentences about what the command was doing; the class, and with it the kind, stays."""
        self.message = " ".join(text for text in (before, self.message, after) if text)
        self.args = (self.message,)


class RegistryUnreachableError(RegistryError):
    """The request did not arrive."""

    kind: ClassVar[str] = "unreachable"


class RegistryNoAnswerError(RegistryError):
    """The last of several attempts got no usable answer."""

    kind: ClassVar[str] = "no-answer"


class RegistryRefusedError(RegistryError):
    """A complete error of the registry.

    Attributes:
        status: The HTTP status.
        code: The registry's error code, such as ``MANIFEST_BLOB_UNKNOWN``; empty when it sent none.
    """

    kind: ClassVar[str] = "refused"

    def __init__(self, message: str, *, hint: str = "", status: int, code: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code


class RegistryAccessDeniedError(RegistryError):
    """The registry does not accept the credentials, or needs some."""

    kind: ClassVar[str] = "access"


class DamagedBlobError(RegistryError):
    """The bytes of a blob are not those that its digest names."""

    kind: ClassVar[str] = "damaged"


class BrokenSourceError(RegistryError):
    """The registry of the base image broke off while one of its layers was copied."""

    kind: ClassVar[str] = "no-answer"


class ImageTagConflictError(RegistryError):
    """The tag points to another image; it is never overwritten."""

    kind: ClassVar[str] = "conflict"


class UnknownPushError(RegistryError):
    """It is unknown whether the tag points to the image."""

    kind: ClassVar[str] = "unknown"
