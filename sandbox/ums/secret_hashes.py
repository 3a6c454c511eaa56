"""Secrets are stored as scrypt hashes, each with its own salt."""

from __future__ import annotations

import base64
import hmac
import secrets
from concurrent.futures import ThreadPoolExecutor
from hashlib import scrypt

PASSWORD_COST = 2**14
"""For secrets that people choose: about 40 ms and 16 MB per attempt (RFC 7914's interactive figure)."""
KEY_COST = 2**4
"""For secrets that are made here from 256 random bits. Nobody can guess those, so the hash need not be slow."""

_THREADS = ThreadPoolExecutor(2, thread_name_prefix="local-biot-hashes")
"""The threads for slow hashes. Each hash needs 16 MB, which the C library keeps for the thread that computed it: on the
forty threads that serve requests, that was 500 MB for good."""
_BLOCK_SIZE = 8
_SALT_BYTES = 16
_DIGEST_BYTES = 64


def random_secret() -> str:
    """Return 256 random bits as text that is safe in a URL, a header and a shell."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str, cost: int = PASSWORD_COST) -> str:
    """Return the text to store instead of a secret: cost, salt and hash."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"{cost}${base64.b64encode(salt).decode()}${_digest(secret, salt, cost)}"


def secret_matches(secret: str, stored_hash: str) -> bool:
    """Return whether a secret matches a stored hash. Both results take the same time."""
    cost, salt, digest = stored_hash.split("$")
    return hmac.compare_digest(_digest(secret, base64.b64decode(salt), int(cost)), digest)


def unmatchable_hash() -> str:
    """Return a hash that no secret matches, and that takes as long to check as a password's."""
    salt, digest = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_DIGEST_BYTES)
    return f"{PASSWORD_COST}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _digest(secret: str, salt: bytes, cost: int) -> str:
    if cost <= KEY_COST:
        return _scrypt(secret, salt, cost)
    return _THREADS.submit(_scrypt, secret, salt, cost).result()


def _scrypt(secret: str, salt: bytes, cost: int) -> str:
    digest = scrypt(secret.encode("utf-8", "replace"), salt=salt, n=cost, r=_BLOCK_SIZE, p=1, dklen=_DIGEST_BYTES)
    return base64.b64encode(digest).decode()
