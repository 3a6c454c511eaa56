"""Secrets are stored as scrypt hashes, each with its own salt."""

from __future__ import annotations

import base64
import hmac
import secrets
from hashlib import scrypt

_COST = 2**4
"""Passwords and keys are made here from 256 random bits, which nobody can guess, so their hashes need not be slow: RFC
7914's interactive figure takes 40 ms and 16 MB for each log-in. One-time codes are short, but expire in minutes."""
_BLOCK_SIZE = 8
_SALT_BYTES = 16
_DIGEST_BYTES = 64


def random_secret() -> str:
    """Return 256 random bits as text that is safe in a URL, a header and a shell."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """Return the text to store instead of a secret: cost, salt and hash."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"{_COST}${base64.b64encode(salt).decode()}${_digest(secret, salt, _COST)}"


def secret_matches(secret: str, stored_hash: str) -> bool:
    """Return whether a secret matches a stored hash. Both results take the same time."""
    cost, salt, digest = stored_hash.split("$")
    return hmac.compare_digest(_digest(secret, base64.b64decode(salt), int(cost)), digest)


def unmatchable_hash() -> str:
    """Return a hash that no secret matches, and that takes as long to check as any other."""
    salt, digest = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_DIGEST_BYTES)
    return f"{_COST}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _digest(secret: str, salt: bytes, cost: int) -> str:
    digest = scrypt(secret.encode("utf-8", "replace"), salt=salt, n=cost, r=_BLOCK_SIZE, p=1, dklen=_DIGEST_BYTES)
    return base64.b64encode(digest).decode()
