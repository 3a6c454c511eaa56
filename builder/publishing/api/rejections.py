"""Complete errors of BioT that settle what happened to a request: nothing was changed, or it was rolled back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from builder.platform.rollbacks import PERMANENT_AWS_ERRORS, ROLLBACK_FAILED
from builder.publishing.api.http_response import CLIENT_ERROR, BiotError, read_error, retry_after
from builder.publishing.failures import AccessDenied, Refused, RolledBack

if TYPE_CHECKING:
    from builder.errors import PublishError
    from builder.publishing.api.http_response import HttpResponse
    from builder.publishing.api.http_transport import HttpRequest

UNAUTHORIZED: Final = 401
METHOD_NOT_ALLOWED: Final = 405
_FORBIDDEN, _TIMED_OUT, _FAILED = 403, 408, 500
_NOT_NAMED: Final = "METHOD_NOT_ALLOWED"


def unchanged(host: str, request: HttpRequest, answer: HttpResponse) -> PublishError | None:
    """The error for an answer that proves that nothing was changed; None when it proves nothing."""
    error = read_error(answer)
    if answer.status == METHOD_NOT_ALLOWED and error is None:
        # What HTTP means by 405, whoever says it.
        error = BiotError(code=_NOT_NAMED, message="", trace_id="", details={})
    if error is None or answer.status not in CLIENT_ERROR or answer.status == _TIMED_OUT:
        return None
    if answer.status == UNAUTHORIZED:
        return AccessDenied(
            f"{host} does not accept the access token: {error.told}.",
            hint="Check the credentials, and that they belong to this environment. Nothing was changed.",
            code=error.code,
            told=error.told,
        )
    if answer.status == _FORBIDDEN:
        needed = f" It takes the permission {request.permission}." if request.permission else ""
        return AccessDenied(
            f"{host} does not allow this: {error.told}.{needed}",
            hint="Use other credentials, or have the role of these extended in BioT. Nothing was changed.",
            code=error.code,
            told=error.told,
        )
    refused = Refused(
        f"{host} refused: {error.told}.",
        hint="Correct what it names. Nothing was changed.",
        status=answer.status,
        code=error.code,
        details=error.details,
    )
    refused.told = error.told
    refused.retry_after = retry_after(answer)
    return refused


def rolled_back(host: str, request: HttpRequest, answer: HttpResponse) -> RolledBack | None:
    """The error for an answer after which BioT documents a rollback; None for any other."""
    error = read_error(answer)
    if error is None or not request.rolls_back or answer.status != _FAILED or error.code == ROLLBACK_FAILED:
        return None
    cause = str(error.details.get("className", "")).rpartition(".")[2]
    lasting = cause in PERMANENT_AWS_ERRORS
    failure = RolledBack(
        f"{host} could not carry out the {request.method} and rolled it back: {error.told}.",
        hint="Correct what it names, then run the command again." if lasting else "Run the command again later.",
        code=error.code,
        lasting=lasting,
    )
    failure.retry_after = retry_after(answer)
    return failure
