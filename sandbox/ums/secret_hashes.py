"""Secrets as they are kept: scrypt hashes, each with its own salt."""

from __future__ import annotations

import base64
import hmac
import secrets
from concurrent.futures import ThreadPoolExecutor
from hashlib import scrypt

PASSWORD_COST = 2**14
"""For what people choose: some 40 ms and 16 MB per try (RFC 7914's interactive figure)."""
KEY_COST = 2**4
"""For what is made here from 256 random bits: nobody guesses those, so the hash need not be slow."""

_THREADS = ThreadPoolExecutor(2, thread_name_prefix="local-biot-hashes")
"""Where slow hashes are made. Each needs 16 MB, which the C library keeps for the thread that asked for them: made by
the forty threads that serve requests, hashes kept 500 MB for ever."""
_BLOCK_SIZE = 8
_SALT_BYTES = 16
_DIGEST_BYTES = 64


def random_secret() -> str:
    """256 random bits as text that fits into a URL, a header and a shell."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str, cost: int = PASSWORD_COST) -> str:
    """What is kept in place of a secret: cost, salt and hash as text."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"{cost}${base64.b64encode(salt).decode()}${_digest(secret, salt, cost)}"


def secret_matches(secret: str, kept: str) -> bool:
    """Whether a secret is the one that ``kept`` was made from; takes the same time either way."""
    cost, salt, digest = kept.split("$")
    return hmac.compare_digest(_digest(secret, base64.b64decode(salt), int(cost)), digest)


def unmatchable_hash() -> str:
    """In place of a kept secret: takes as long to check as a password, and no secret fits."""
    salt, digest = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_DIGEST_BYTES)
    return f"{PASSWORD_COST}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _digest(secret: str, salt: bytes, cost: int) -> str:
    if cost <= KEY_COST:
        return _scrypt(secret, salt, cost)
    return _THREADS.submit(_scrypt, secret, salt, cost).result()


def _scrypt(secret: str, salt: bytes, cost: int) -> str:
    found = scrypt(secret.encode("utf-8", "replace"), salt=salt, n=cost, r=_BLOCK_SIZE, p=1, dklen=_DIGEST_BYTES)
    return base64.b64encode(found).decode()
