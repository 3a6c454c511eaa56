"""A stand-in for ECR's ``GetAuthorizationToken``: boto3 and the AWS CLI work with this address as their endpoint.

Source: AWS's API reference of ECR. The errors are those that AWS documents for all its services.
"""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.instance_state import InstanceState, state_of
from sandbox.registry.push_credentials import USERNAME, PushCredentials, find_credentials
from sandbox.registry.request_signatures import is_signed, parse_signature
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from sandbox.registry.request_signatures import RequestSignature

TARGET = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
_MEDIA_TYPE = "application/x-amz-json-1.1"


def routes() -> list[Route]:
    """``POST /``, where AWS's clients send every call of an endpoint."""
    return [Route("/", authorization_token, methods=["POST"])]


async def authorization_token(request: Request) -> Response:
    """Return a user name and password for the registry, for a signed request."""
    if request.headers.get("x-amz-target") != TARGET:
        return _refusal("UnknownOperationException", f"Only {TARGET} is answered here.")
    body = await request.body()
    state = state_of(request)
    try:
        credentials = await run_in_threadpool(_signer, state, dict(request.headers), body)
    except ApiError as error:
        return _refusal(error.code, error.message)
    token = base64.b64encode(f"{USERNAME}:{credentials.password}".encode()).decode()
    data = {
        "authorizationToken": token,
        "expiresAt": credentials.expires.timestamp(),
        "proxyEndpoint": state.settings.base_url,
    }
    return JSONResponse({"authorizationData": [data]}, media_type=_MEDIA_TYPE)


def _signer(state: InstanceState, headers: dict[str, str], body: bytes) -> PushCredentials:
    signature = parse_signature(headers.get("authorization", ""))
    if signature is None:
        raise ApiError(400, "MissingAuthenticationTokenException", "The request has no signature of version 4.")
    with state.database.read() as connection:
        found = find_credentials(connection, signature.access_key_id)
    token = headers.get("x-amz-security-token", "")
    if found is None or not hmac.compare_digest(found.session_token.encode(), token.encode()):
        raise ApiError(400, "UnrecognizedClientException", "The security token included in the request is invalid.")
    if found.expires <= state.clock.now():
        raise ApiError(400, "ExpiredTokenException", "The security token included in the request is expired")
    _check_signature(signature, found, headers, body)
    return found


def _check_signature(signature: RequestSignature, found: PushCredentials, headers: dict[str, str], body: bytes) -> None:
    if not is_signed(signature, found.secret_access_key, headers, body):
        msg = "The request signature we calculated does not match the signature you provided."
        raise ApiError(400, "InvalidSignatureException", msg)


def _refusal(name: str, message: str) -> JSONResponse:
    return JSONResponse({"__type": name, "message": message}, 400, media_type=_MEDIA_TYPE)
