"""Telling secrets from what only looks like one: examples of documents, placeholders, names and plain words."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLACEHOLDER = re.compile(
    rb"example|sample|placeholder|change.?me|replace|dummy|fake|insert|redacted|your|(?:xxx|\*\*\*|000000|\.\.\.)|todo|"
    rb"0123456|1234567|abcdef|deadbeef|foobar|test|none|null|undefined|secret|passw|token|key|default|env[.:(]",
    re.IGNORECASE,
)
_DOCUMENTED = re.compile(rb"example|sample|placeholder|your|x{6}|\*{3}|0{12}|1234567890|abcdefghij", re.IGNORECASE)
_PARTS = re.compile(rb"[^A-Za-z0-9]+")
_CHANGES = re.compile(rb"[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])")
_ALLOWED = re.compile(rb"[A-Za-z0-9+/=_.~!@#$%^&*:|?-]+")
_REFERENCE = re.compile(rb"\$|[{<%/.~]|arn:|ssm:|vault:|[a-z]+://|projects/", re.IGNORECASE)
_DIGEST = re.compile(rb"(?:sha(?:1|256|384|512)|md5)[-:=]", re.IGNORECASE)
_HERE = re.compile(
    rb"(?:localhost|127\.|0\.0\.0\.0|host\b|(?:[a-z0-9-]+\.)*(?:example|test|invalid|local)\b)", re.IGNORECASE
)
_SAMPLE_SUBJECT = "1234567890"
"""``sub`` of the token that jwt.io shows; thousands of documents and docstrings repeat it."""

_CLAIMS = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "scopes"})
"""RFC 7519, section 4.1, and what says how far a token reaches: without any of them it opens nothing."""

RANDOM_MIN = 16
_NO_TIME = 1e15
_GUESSED_MAX = 6
PASSWORD_MIN, PASSWORD_MAX = 8, 64
_CHANGES_MIN = 3
_ENTROPY_MIN = 3.0
_KEY_ENTROPY_MIN = 4.0
_CLASSES_MIN = 3


def is_not_documented_example(secret: bytes) -> bool:
    """Whether a token of a known form is not the one of the issuer's documents."""
    return _DOCUMENTED.search(secret) is None and entropy(secret[-20:]) > 2  # noqa: PLR2004 - "aaaa…" has 0, hex has 3


def looks_like_key_material(secret: bytes) -> bool:
    """Whether the last text in quotes is as even as key bytes in base64 are."""
    return entropy(secret.rstrip(b'"').rpartition(b'"')[2]) > _KEY_ENTROPY_MIN


def entropy(text: bytes) -> float:
    """Shannon's measure, in bits per character: 4 at most for hexadecimal digits, 6 for base64."""
    counts = [text.count(byte) for byte in set(text)]
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def looks_random(value: bytes) -> bool:
    """Whether a text is one that a machine drew: letters and digits change often and no word shows."""
    return (
        len(value) >= RANDOM_MIN
        and _is_opaque(value)
        and entropy(value) >= _ENTROPY_MIN
        and max(len(_CHANGES.findall(part)) for part in _PARTS.split(value)) >= _CHANGES_MIN
    )


def looks_like_password(value: bytes) -> bool:
    """Whether a text is one that people type as a password: short, of three sorts of characters, with digits."""
    sorts: Iterable[bytes] = (rb"[a-z]", rb"[A-Z]", rb"[0-9]", rb"[^A-Za-z0-9]")
    return (
        PASSWORD_MIN <= len(value) <= PASSWORD_MAX
        and _is_opaque(value)
        and re.search(rb"[0-9]", value) is not None
        and sum(re.search(sort, value) is not None for sort in sorts) >= _CLASSES_MIN
    )


def is_filled_in(value: bytes) -> bool:
    """Whether a text stands where only a secret can and is no placeholder."""
    return len(value) >= PASSWORD_MIN and _is_opaque(value) and entropy(value) > 2  # noqa: PLR2004 - as above


def _is_opaque(value: bytes) -> bool:
    return (
        _ALLOWED.fullmatch(value) is not None
        and _PLACEHOLDER.search(value) is None
        and _REFERENCE.match(value) is None
        and _DIGEST.match(value) is None
    )


def is_signed_token(secret: bytes) -> bool:
    """Whether three parts are a JWT with a signature, and not the sample of jwt.io."""
    header, payload, _ = secret.split(b".")
    told, claims = _json(header), _json(payload)
    return (
        isinstance(told, dict)
        and isinstance(claims, dict)
        and str(told.get("alg", "none")).lower() != "none"
        and claims.get("sub") != _SAMPLE_SUBJECT
        and not _CLAIMS.isdisjoint(claims)
    )


def expiry(secret: bytes) -> float | None:
    """When a JWT expires, in seconds since 1970 (``exp``, RFC 7519, section 4.1.4); None when it never does."""
    claims = _json(secret.split(b".")[1])
    end = claims.get("exp") if isinstance(claims, dict) else None
    return float(end) if isinstance(end, int | float) and not isinstance(end, bool) and abs(end) < _NO_TIME else None


def is_encoded_private_key(secret: bytes) -> bool:
    """Whether base64 hides the first line of a PEM file with a private key."""
    return b"PRIVATE KEY-----" in _decoded(secret)


def holds_user_and_password(secret: bytes) -> bool:
    """Whether the last text in quotes is ``user:password`` in base64, as container tools keep it."""
    user, colon, password = _decoded(secret.rstrip(b'"').rpartition(b'"')[2]).partition(b":")
    return bool(user and colon and password) and _DOCUMENTED.search(user + password) is None


def holds_real_credentials(secret: bytes) -> bool:
    """Whether ``://user:password@host`` lets somebody in: no placeholder, no default of a local server."""
    login, _, host = secret.removeprefix(b"://").rpartition(b"@")
    user, _, password = login.partition(b":")
    drawn = len(password) >= _GUESSED_MAX and not password.isalpha() and _PLACEHOLDER.search(password) is None
    return drawn and password.lower() != user.lower() and _HERE.match(host) is None and b"." in host


def _json(part: bytes) -> object:
    try:
        return json.loads(_decoded(part))
    except (ValueError, RecursionError):
        return None


def _decoded(text: bytes) -> bytes:
    """Bytes of base64 in either alphabet; what one character too many would spoil is left off."""
    bare = text.rstrip(b"=").replace(b"+", b"-").replace(b"/", b"_")
    whole = bare[:-1] if len(bare) % 4 == 1 else bare
    try:
        return base64.urlsafe_b64decode(whole + b"=" * (-len(whole) % 4))
    except (binascii.Error, ValueError):
        return b""
