"""How talking to BioT can fail, told apart by what is known afterwards.

Each has a ``kind`` that ``--json`` prints; all end with exit code 8. What a server said is in the message only after
``builder.publishing.api.http_response.printable``: it was written by others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from builder.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Unreachable(PublishError):
    """The request did not get there: no such host, nothing listens, no token to send it with. Nothing was processed."""

    kind: ClassVar[str] = "unreachable"


class NoAnswer(PublishError):
    """A question that changes nothing got no usable answer: silence, a proxy's page, broken JSON, a server's error.

    ``status`` is the HTTP status of the last try, 0 without one.
    """

    kind: ClassVar[str] = "no-answer"

    def __init__(self, message: str, *, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class Refused(PublishError):
    """A complete BioT error which proves that this request changed nothing.

    Attributes:
        status: HTTP status, 400 to 499.
        code: BioT's own, such as ``PLUGIN_EXISTS_BY_NAME``.
        details: BioT's own, by the names of its specification.
        told: What BioT said, fit for a terminal; part of a sentence.
        retry_after: Seconds BioT asked to wait, or None.
    """

    kind: ClassVar[str] = "refused"

    def __init__(
        self, message: str, *, hint: str = "", status: int, code: str, details: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.details: Mapping[str, object] = details or {}
        self.told = code
        self.retry_after: float | None = None


class OutcomeUnknown(PublishError):
    """A request that changes something was sent, and whether it was applied is not known: read back and compare.

    Attributes:
        status: HTTP status, or 0 when no answer came.
        code: BioT's own when there was a complete error, or empty.
        retry_after: Seconds the server asked to wait, or None.
    """

    kind: ClassVar[str] = "unknown"

    def __init__(self, message: str, *, hint: str = "", status: int = 0, code: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.retry_after: float | None = None


class RolledBack(PublishError):
    """BioT answered with a complete error to a request that it documents to undo on failure: read back to verify.

    Attributes:
        code: BioT's own, such as ``AWS_EXCEPTION``.
        lasting: Whether the same request would fail again.
        retry_after: Seconds the server asked to wait, or None.
    """

    kind: ClassVar[str] = "not-applied"

    def __init__(self, message: str, *, hint: str = "", code: str, lasting: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.lasting = lasting
        self.retry_after: float | None = None


class AccessDenied(PublishError):
    """No credentials, the log-in refused them, or they may not do this. Nothing was changed.

    Attributes:
        code: BioT's own, such as ``LOGIN_FAILED``; empty when BioT was not asked.
        told: What BioT said, fit for a terminal; part of a sentence.
    """

    kind: ClassVar[str] = "access"

    def __init__(self, message: str, *, hint: str = "", code: str = "", told: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.told = told


class Conflict(PublishError):
    """Somebody else changed the plugin meanwhile; their state stays."""

    kind: ClassVar[str] = "conflict"


class NotApplied(PublishError):
    """BioT has the plugin as it was before: proven by reading it back."""

    kind: ClassVar[str] = "not-applied"


class VersionsExhausted(PublishError):
    """Version 32767 is the last one that BioT takes."""

    kind: ClassVar[str] = "versions-used-up"


class NotPossible(PublishError):
    """BioT's API has no way from the plugin as it is to the plugin as wanted. Nothing was sent."""

    kind: ClassVar[str] = "not-possible"


class StalePlan(PublishError):
    """The plan was made for another state of the platform."""

    kind: ClassVar[str] = "stale-plan"


class NoSuchPlugin(Refused):
    """There is no plugin of this name in the environment."""

    kind: ClassVar[str] = "not-found"
