"""Complete errors of BioT that prove what happened to a request: nothing was changed, or it was rolled back."""

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
_NEXT_STEPS: Final = {
    "PLUGIN_IMAGE_TAG_NOT_FOUND": (
        "BioT's repository does not have this image. Publish the commit that it was built from: the same sources and "
        "locks give the same image, and `biot-plugin history` shows the commits. With --image-tag, push it first."
    )
}
_NO_BIOT_CODE: Final = "METHOD_NOT_ALLOWED"


def unchanged(host: str, request: HttpRequest, response: HttpResponse) -> PublishError | None:
    """The error for a response that proves that nothing was changed; None for any other."""
    error = read_error(response)
    if response.status == METHOD_NOT_ALLOWED and error is None:
        # 405 means that in HTTP, whoever answered.
        error = BiotError(code=_NO_BIOT_CODE, message="", trace_id="", details={})
    if error is None or response.status not in CLIENT_ERROR or response.status == _TIMED_OUT:
        return None
    if response.status == UNAUTHORIZED:
        return AccessDenied(
            f"{host} does not accept the access token: {error.description}.",
            hint="Check that the credentials are right and belong to this environment. Nothing was changed.",
            code=error.code,
            reason=error.description,
        )
    if response.status == _FORBIDDEN:
        needed = f" It requires the permission {request.permission}." if request.permission else ""
        return AccessDenied(
            f"{host} does not allow this: {error.description}.{needed}",
            hint="Use other credentials, or ask for this permission in BioT. Nothing was changed.",
            code=error.code,
            reason=error.description,
        )
    refused = Refused(
        f"{host} refused: {error.description}.",
        hint=f"{_NEXT_STEPS.get(error.code, 'Correct this and try again.')} Nothing was changed.",
        status=response.status,
        code=error.code,
        details=error.details,
    )
    refused.reason = error.description
    refused.retry_after = retry_after(response)
    return refused


def rolled_back(host: str, request: HttpRequest, response: HttpResponse) -> RolledBack | None:
    """The error for a response after which BioT documents a rollback; None for any other."""
    error = read_error(response)
    if error is None or not request.rolls_back or response.status != _FAILED or error.code == ROLLBACK_FAILED:
        return None
    cause = str(error.details.get("className", "")).rpartition(".")[2]
    lasting = cause in PERMANENT_AWS_ERRORS
    failure = RolledBack(
        f"{host} could not carry out the {request.method} and rolled it back: {error.description}.",
        hint="Correct this, then run the command again." if lasting else "Run the command again later.",
        code=error.code,
        lasting=lasting,
    )
    failure.retry_after = retry_after(response)
    return failure
