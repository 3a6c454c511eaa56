"""Secrets as they are kept: scrypt hashes, each with its own salt."""

from __future__ import annotations

import base64
import hmac
import secrets
import threading
from hashlib import scrypt

PASSWORD_COST = 2**14
"""For what people choose: some 40 ms and 16 MB per try (RFC 7914's interactive figure)."""
KEY_COST = 2**4
"""For what is made here from 256 random bits: nobody guesses those, so the hash need not be slow."""

_AT_ONCE = threading.BoundedSemaphore(4)
"""Hashes being made at one moment: each takes 16 MB, and many log-ins may come together."""
_BLOCK_SIZE = 8
_SALT_BYTES = 16


def random_secret() -> str:
    """256 random bits as text that fits into a URL, a header and a shell."""
    return secrets.token_urlsafe(32)


def hashed(secret: str, cost: int = PASSWORD_COST) -> str:
    """What is kept in place of a secret: cost, salt and hash as text."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"{cost}${base64.b64encode(salt).decode()}${_digest(secret, salt, cost)}"


def matches(secret: str, kept: str) -> bool:
    """Whether a secret is the one that ``kept`` was made from; takes the same time either way."""
    cost, salt, digest = kept.split("$")
    return hmac.compare_digest(_digest(secret, base64.b64decode(salt), int(cost)), digest)


def _digest(secret: str, salt: bytes, cost: int) -> str:
    with _AT_ONCE:
        found = scrypt(secret.encode("utf-8", "replace"), salt=salt, n=cost, r=_BLOCK_SIZE, p=1)
    return base64.b64encode(found).decode()
