"""Tells secrets from false positives: examples in documentation, placeholders, names and plain words."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# ``re`` compiles each pattern at its first use, which most builds never reach, and keeps it.
_PLACEHOLDER = (
    rb"(?i)example|sample|placeholder|change.?me|replace|dummy|fake|insert|redacted|your|"
    rb"(?:xxx|\*\*\*|000000|\.\.\.)|todo|0123456|1234567|abcdef|deadbeef|foobar|test|none|null|undefined|secret|passw|token|key|default|env[.:(]"
)
_DOCUMENTED = rb"(?i)example|sample|placeholder|your|x{6}|\*{3}|0{12}|1234567890|abcdefghij"
_PARTS = rb"[^A-Za-z0-9]+"
_CHANGES = rb"[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])"
_ALLOWED = rb"[A-Za-z0-9+/=_.~!@#$%^&*:|?-]+"
_REFERENCE = rb"(?i)\$|[{<%/.~]|arn:|ssm:|vault:|[a-z]+://|projects/"
_DIGEST = rb"(?i)(?:sha(?:1|256|384|512)|md5)[-:=]"
_HERE = rb"(?i)(?:localhost|127\.|0\.0\.0\.0|host\b|(?:[a-z0-9-]+\.)*(?:example|test|invalid|local)\b)"
_SAMPLE_SUBJECT = "1234567890"
"""``sub`` of the sample token of jwt.io, which thousands of documents and docstrings repeat."""

_CLAIMS = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "scopes"})
"""RFC 7519, section 4.1, and the claims for scopes: a token without any of them gives no access."""

RANDOM_MIN = 16
_EXPIRY_MAX = 1e15
_PASSWORD_IN_URL_MIN = 6
PASSWORD_MIN, PASSWORD_MAX = 8, 64
_CHANGES_MIN = 3
_ENTROPY_MIN = 3.0
_KEY_ENTROPY_MIN = 4.0
_CLASSES_MIN = 3


def is_not_documented_example(secret: bytes) -> bool:
    """Whether a token of a known form is not an example from the issuer's documentation."""
    return re.search(_DOCUMENTED, secret) is None and entropy(secret[-20:]) > 2  # noqa: PLR2004 - "aaaa…" has 0, hex 3


def looks_like_key_material(secret: bytes) -> bool:
    """Whether the last text in quotes has the entropy of key bytes in base64."""
    return entropy(secret.rstrip(b'"').rpartition(b'"')[2]) > _KEY_ENTROPY_MIN


def entropy(text: bytes) -> float:
    """Shannon entropy in bits per character: at most 4 for hexadecimal digits, 6 for base64."""
    counts = [text.count(byte) for byte in set(text)]
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def looks_random(value: bytes) -> bool:
    """Whether a machine probably generated a text: letters and digits alternate often, and there are no words."""
    return (
        len(value) >= RANDOM_MIN
        and _is_opaque(value)
        and entropy(value) >= _ENTROPY_MIN
        and max(len(re.findall(_CHANGES, part)) for part in re.split(_PARTS, value)) >= _CHANGES_MIN
    )


def looks_like_password(value: bytes) -> bool:
    """Whether a text looks like a password: short, with digits and at least three classes of characters."""
    classes: Iterable[bytes] = (rb"[a-z]", rb"[A-Z]", rb"[0-9]", rb"[^A-Za-z0-9]")
    return (
        PASSWORD_MIN <= len(value) <= PASSWORD_MAX
        and _is_opaque(value)
        and re.search(rb"[0-9]", value) is not None
        and sum(re.search(class_, value) is not None for class_ in classes) >= _CLASSES_MIN
    )


def is_filled_in(value: bytes) -> bool:
    """Whether a value, in a place that is only for a secret, is not a placeholder."""
    return len(value) >= PASSWORD_MIN and _is_opaque(value) and entropy(value) > 2  # noqa: PLR2004 - as above


def _is_opaque(value: bytes) -> bool:
    return (
        re.fullmatch(_ALLOWED, value) is not None
        and re.search(_PLACEHOLDER, value) is None
        and re.match(_REFERENCE, value) is None
        and re.match(_DIGEST, value) is None
    )


def is_signed_token(secret: bytes) -> bool:
    """Whether three parts are a signed JWT, and not the sample of jwt.io."""
    header, payload, _ = secret.split(b".")
    fields, claims = _json(header), _json(payload)
    return (
        isinstance(fields, dict)
        and isinstance(claims, dict)
        and str(fields.get("alg", "none")).lower() != "none"
        and claims.get("sub") != _SAMPLE_SUBJECT
        and not _CLAIMS.isdisjoint(claims)
    )


def expiry(secret: bytes) -> float | None:
    """When a JWT expires, in seconds since 1970 (``exp``, RFC 7519, section 4.1.4); None if it does not."""
    claims = _json(secret.split(b".")[1])
    end = claims.get("exp") if isinstance(claims, dict) else None
    return float(end) if isinstance(end, int | float) and not isinstance(end, bool) and abs(end) < _EXPIRY_MAX else None


def is_encoded_private_key(secret: bytes) -> bool:
    """Whether the base64 text contains the first line of a PEM file with a private key."""
    return b"PRIVATE KEY-----" in _decoded(secret)


def holds_user_and_password(secret: bytes) -> bool:
    """Whether the last text in quotes is ``user:password`` in base64, as container tools store it."""
    user, colon, password = _decoded(secret.rstrip(b'"').rpartition(b'"')[2]).partition(b":")
    return bool(user and colon and password) and re.search(_DOCUMENTED, user + password) is None


def holds_real_credentials(secret: bytes) -> bool:
    """Whether ``://user:password@host`` gives access: not a placeholder, and not the default of a local server."""
    login, _, host = secret.removeprefix(b"://").rpartition(b"@")
    user, _, password = login.partition(b":")
    looks_generated = (
        len(password) >= _PASSWORD_IN_URL_MIN and not password.isalpha() and re.search(_PLACEHOLDER, password) is None
    )
    return looks_generated and password.lower() != user.lower() and re.match(_HERE, host) is None and b"." in host


def _json(part: bytes) -> object:
    try:
        return json.loads(_decoded(part))
    except (ValueError, RecursionError):
        return None


def _decoded(text: bytes) -> bytes:
    """The bytes of base64 in either alphabet; a single extra character at the end is dropped."""
    bare = text.rstrip(b"=").replace(b"+", b"-").replace(b"/", b"_")
    complete = bare[:-1] if len(bare) % 4 == 1 else bare
    try:
        return base64.urlsafe_b64decode(complete + b"=" * (-len(complete) % 4))
    except (binascii.Error, ValueError):
        return b""
