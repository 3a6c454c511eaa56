"""Why a call was not made. A call that was made and failed is an ``Invocation`` with an error instead."""

from __future__ import annotations

from builder.errors import SandboxError


class TooManyRequestsError(SandboxError):
    """All environments of the function are busy: HTTP 429, Lambda's TooManyRequestsException."""


class RequestTooLargeError(SandboxError):
    """The event is larger than Lambda accepts: HTTP 413, Lambda's RequestTooLargeException."""


class FunctionUnavailableError(SandboxError):
    """The function cannot run on this machine, or its settings break a limit of Lambda."""
