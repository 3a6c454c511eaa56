"""The key pairs that sign tokens: RS512 with RSA-2048, as on the platform."""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.database import Database

ALGORITHM = "RS512"
_KEY_BITS = 2048
_REMEMBERED_TOKENS = 1024


class SigningKeys:
    """The current and the previous key pair, stored in the database so that tokens survive a restart.

    Both verify tokens, which is why UMS publishes ``previousPublicKey``; only the current one signs. Thread-safe.

    Args:
        database: Stores the keys; a first pair is created when there is none.

    Attributes:
        rotations: How often the keys have changed since this object was created.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._keys = _stored(database)
        self._verified: OrderedDict[bytes, Mapping[str, Any]] = OrderedDict()
        self.rotations = 0
        if not self._keys:
            self.rotate()

    def sign(self, claims: Mapping[str, object]) -> str:
        """Sign a token. Its header is exactly ``{"alg":"RS512"}``: the platform sets neither ``kid`` nor ``typ``."""
        return jwt.encode(dict(claims), self._keys[0], ALGORITHM, headers={"typ": None})

    def read(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a token with a valid signature. The caller checks whether the token has expired.

        Raises:
            jwt.InvalidTokenError: None of these keys has signed it, or it is not a token.
        """
        digest = sha256(token.encode("utf-8", "replace")).digest()
        with self._lock:
            cached = self._verified.get(digest)
            keys = self._keys
        if cached is not None:
            return cached
        claims = _verified_claims(token, keys)
        with self._lock:
            if keys is self._keys:  # otherwise the keys have changed meanwhile, and the next request verifies again
                self._verified[digest] = claims
                if len(self._verified) > _REMEMBERED_TOKENS:
                    self._verified.popitem(last=False)
        return claims

    def public(self) -> dict[str, str]:
        """Return the public keys as UMS does: bare base64 SPKI, and the previous key only if there is one."""
        return dict(zip(("publicKey", "previousPublicKey"), map(_public_body, self._keys), strict=False))

    def rotate(self) -> None:
        """Sign with a new pair from now on. The previous one still verifies; older ones do not."""
        new_key = rsa.generate_private_key(65537, _KEY_BITS)
        with self._database.write() as connection:
            connection.execute("INSERT INTO ums_signing_key (private_key) VALUES (?)", (_pem(new_key),))
            connection.execute(
                "DELETE FROM ums_signing_key WHERE generation NOT IN"
                " (SELECT generation FROM ums_signing_key ORDER BY generation DESC LIMIT 2)"
            )
            # Inside the transaction, so that two rotations reach memory in the same order as the file.
            with self._lock:
                self._keys = (new_key, *self._keys[:1])
                self._verified = OrderedDict()
                self.rotations += 1


def _verified_claims(token: str, keys: tuple[rsa.RSAPrivateKey, ...]) -> Mapping[str, Any]:
    refusal: jwt.InvalidTokenError = jwt.InvalidSignatureError("no key")
    for key in keys:
        try:
            return jwt.decode(token, key.public_key(), [ALGORITHM], options={"verify_exp": False})
        except jwt.InvalidTokenError as error:
            refusal = error
    raise refusal


def _stored(database: Database) -> tuple[rsa.RSAPrivateKey, ...]:
    with database.read() as connection:
        rows = connection.execute("SELECT private_key FROM ums_signing_key ORDER BY generation DESC").fetchall()
    keys = [serialization.load_pem_private_key(row["private_key"].encode(), None) for row in rows]
    return tuple(key for key in keys if isinstance(key, rsa.RSAPrivateKey))


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _public_body(key: rsa.RSAPrivateKey) -> str:
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()
