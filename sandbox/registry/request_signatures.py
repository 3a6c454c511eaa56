"""AWS Signature Version 4 of a request: what a client must have signed with its secret key. Pure.

Source: AWS General Reference, "Create a signed AWS API request".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALGORITHM = "AWS4-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    rf"{_ALGORITHM} Credential=(?P<key>\w+)/(?P<scope>\d{{8}}/[\w-]+/\w+/aws4_request), ?"
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_REQUIRED = {"host", "x-amz-date"}


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestSignature:
    """The ``Authorization`` header of a signed request.

    Attributes:
        access_key_id: Whose secret key signed it.
        scope: Date, region, service and ``aws4_request``, separated by slashes.
        signed_headers: The names of the headers that are signed.
        signature: In hexadecimal.
    """

    access_key_id: str
    scope: str
    signed_headers: tuple[str, ...]
    signature: str


def parse_signature(authorization: str) -> RequestSignature | None:
    """Read an ``Authorization`` header; None when it is not a signature of this version."""
    match = _AUTHORIZATION.fullmatch(authorization.strip())
    if match is None:
        return None
    return RequestSignature(
        access_key_id=match["key"],
        scope=match["scope"],
        signed_headers=tuple(match["headers"].split(";")),
        signature=match["signature"],
    )


def is_signed(signature: RequestSignature, secret_key: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Return whether this secret key signed a ``POST /`` without a query.

    Args:
        signature: The signature of the request.
        secret_key: The secret access key of its ``access_key_id``.
        headers: The headers of the request, with lower-case names.
        body: The body.
    """
    if not _REQUIRED <= set(signature.signed_headers) <= set(headers):
        return False
    canonical = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in signature.signed_headers)
    request = f"POST\n/\n\n{canonical}\n{';'.join(signature.signed_headers)}\n{hashlib.sha256(body).hexdigest()}"
    text = "\n".join((_ALGORITHM, headers["x-amz-date"], signature.scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{secret_key}".encode()
    for part in signature.scope.split("/"):
        key = _mac(key, part)
    return hmac.compare_digest(_mac(key, text).hex(), signature.signature)


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
