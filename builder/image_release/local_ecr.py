"""The log-in to the registry of a local BioT, without boto3: ECR's token call, signed here.

A local BioT needs nothing else installed. For Amazon ECR itself, ``builder.registry.ecr_credentials``
uses boto3, which follows AWS's settings for certificates, proxies and retries.

Source: AWS General Reference, "Create a signed AWS API request" (Signature Version 4); Amazon ECR API
reference, ``GetAuthorizationToken``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from builder.network.secret_text import SecretText
from builder.registry import RegistryCredentials, no_credentials
from builder.registry.registry_calls import RegistryCalls, UnusableAnswerError
from builder.registry.registry_failures import RegistryAccessDeniedError, RegistryRefusedError
from builder.registry.registry_transport import RegistryRequest, RegistryResponse, RegistryTransport

if TYPE_CHECKING:
    from builder.registry import RegistryOptions, TempCredentials

_TARGET: Final = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
_MEDIA_TYPE: Final = "application/x-amz-json-1.1"
_BODY: Final = b"{}"
_OK: Final = 200
_ALGORITHM: Final = "AWS4-HMAC-SHA256"


def log_in_locally(temporary: TempCredentials, options: RegistryOptions) -> RegistryCredentials:
    """The user name and password of a local BioT's registry.

    Args:
        temporary: What the local BioT answered to ``temp-credentials``.
        options: How the registry is used.

    Raises:
        RegistryAccessDeniedError: The local BioT does not accept the credentials.
        RegistryError: It gave no usable answer, although it was asked several times.
    """
    url = temporary.repository.base_url
    request = RegistryRequest(
        method="POST", url=f"{url}/", headers=signed_headers(url, temporary, datetime.now(UTC)), content=_BODY
    )
    try:
        with closing(RegistryTransport(options)) as transport:
            calls = RegistryCalls(url, transport, options, (), no_credentials)
            return _read_token(calls.query(request, {_OK}, _read_token))
    except RegistryRefusedError as error:
        msg = f"The local BioT at {url} did not accept its own temporary credentials (HTTP {error.status})."
        raise RegistryAccessDeniedError(msg, hint="Run the command again.") from error


def signed_headers(url: str, temporary: TempCredentials, now: datetime) -> dict[str, str]:
    """The headers of the token call, with its signature.

    Args:
        url: The address of the local BioT.
        temporary: The keys.
        now: The time of the signature.
    """
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    signed = {
        "content-type": _MEDIA_TYPE,
        "host": urlsplit(url).netloc,
        "x-amz-date": moment,
        "x-amz-security-token": temporary.session_token.reveal(),
        "x-amz-target": _TARGET,
    }
    names = ";".join(signed)
    lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(_BODY).hexdigest()}"
    scope = f"{moment[:8]}/{temporary.region}/ecr/aws4_request"
    text = f"{_ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{temporary.secret_access_key.reveal()}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    credential = f"Credential={temporary.access_key_id}/{scope}"
    return {**signed, "authorization": f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={key.hex()}"}


def _read_token(response: RegistryResponse) -> RegistryCredentials:
    password = ""
    with suppress(LookupError, TypeError, ValueError, RecursionError):
        token = json.loads(response.body)["authorizationData"][0]["authorizationToken"]
        username, _, password = base64.b64decode(token).decode().partition(":")
    if not password:
        # Raised outside of the block: a traceback must not lead to the answer.
        msg = "an answer without a token"
        raise UnusableAnswerError(msg, RegistryResponse(status=response.status, headers=response.headers))
    return RegistryCredentials(username=username, password=SecretText(password))
