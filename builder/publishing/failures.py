"""How requests to BioT can fail, distinguished by what is known afterwards.

Each has a ``kind`` that ``--json`` prints; all end with exit code 8. A message quotes a server only through
``builder.quoting.printable``, because others wrote that text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from builder.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Unreachable(PublishError):
    """The request did not arrive: no such host, no connection, no token to send with it. Nothing was processed."""

    kind: ClassVar[str] = "unreachable"


class NoAnswer(PublishError):
    """A query got no usable answer: a timeout, a proxy's page, broken JSON or a server error.

    ``status`` is the HTTP status of the last attempt, 0 without one.
    """

    kind: ClassVar[str] = "no-answer"

    def __init__(self, message: str, *, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class Refused(PublishError):
    """A complete error of BioT, which proves that this request changed nothing.

    Attributes:
        status: HTTP status, 400 to 499.
        code: BioT's error code, such as ``PLUGIN_EXISTS_BY_NAME``.
        details: BioT's error details, by the names of its specification.
        reason: BioT's error as part of a sentence, safe for a terminal.
        retry_after: Seconds that BioT asked to wait, or None.
    """

    kind: ClassVar[str] = "refused"

    def __init__(
        self, message: str, *, hint: str = "", status: int, code: str, details: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.details: Mapping[str, object] = details or {}
        self.reason = code
        self.retry_after: float | None = None


class OutcomeUnknown(PublishError):
    """A change was sent, and it is unknown whether it was applied: read the plugin and compare.

    Attributes:
        status: HTTP status, or 0 without an answer.
        code: BioT's error code when there was a complete error, or empty.
        retry_after: Seconds that the server asked to wait, or None.
    """

    kind: ClassVar[str] = "unknown"

    def __init__(self, message: str, *, hint: str = "", status: int = 0, code: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.retry_after: float | None = None


class RolledBack(PublishError):
    """BioT answered with a complete error to a request that it undoes on failure: read the plugin to verify.

    Attributes:
        code: BioT's error code, such as ``AWS_EXCEPTION``.
        lasting: Whether the same request would fail again.
        retry_after: Seconds that the server asked to wait, or None.
    """

    kind: ClassVar[str] = "not-applied"

    def __init__(self, message: str, *, hint: str = "", code: str, lasting: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.lasting = lasting
        self.retry_after: float | None = None


class AccessDenied(PublishError):
    """There are no credentials, BioT refused them, or they lack a permission. Nothing was changed.

    Attributes:
        code: BioT's error code, such as ``LOGIN_FAILED``; empty when BioT was not asked.
        reason: BioT's error as part of a sentence, safe for a terminal.
    """

    kind: ClassVar[str] = "access"

    def __init__(self, message: str, *, hint: str = "", code: str = "", reason: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.reason = reason


class Conflict(PublishError):
    """Somebody else changed the plugin in the meantime; their change stays."""

    kind: ClassVar[str] = "conflict"


class VersionsExhausted(PublishError):
    """The plugin has version 32767, the last one that BioT takes."""

    kind: ClassVar[str] = "versions-used-up"


class NotPossible(PublishError):
    """BioT's API cannot make the requested change. Nothing was sent."""

    kind: ClassVar[str] = "not-possible"


class NotStarted(PublishError):
    """One of many plugins was not published, because the command was interrupted before. Nothing was sent."""

    kind: ClassVar[str] = "not-started"


class StalePlan(PublishError):
    """Something changed since the plan was made."""

    kind: ClassVar[str] = "stale-plan"


class NoSuchPlugin(Refused):
    """The environment has no plugin of this name."""

    kind: ClassVar[str] = "not-found"
