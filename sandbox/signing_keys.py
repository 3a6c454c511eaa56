"""The key pairs that sign tokens: RS512 by RSA-2048, as on the platform."""

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
    """The present key pair and the one before, kept in the database so that tokens outlive a restart.

    Both verify, as ``previousPublicKey`` of UMS lets plugins do; only the present one signs. Safe to share between
    threads.

    Args:
        database: Where the keys are kept; a first pair is made when there is none.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._keys = _stored(database)
        self._verified: OrderedDict[bytes, Mapping[str, Any]] = OrderedDict()
        if not self._keys:
            self.rotate()

    def sign(self, claims: Mapping[str, object]) -> str:
        """A token whose header is exactly ``{"alg":"RS512"}``: the platform sets neither ``kid`` nor ``typ``."""
        return jwt.encode(dict(claims), self._keys[0], ALGORITHM, headers={"typ": None})

    def read(self, token: str) -> Mapping[str, Any]:
        """The claims of a token with a valid signature; whether it has ended is for the caller to see.

        Raises:
            jwt.InvalidTokenError: No key of this ring has signed it, or it is no token at all.
        """
        digest = sha256(token.encode("utf-8", "replace")).digest()
        with self._lock:
            known = self._verified.get(digest)
            keys = self._keys
        if known is not None:
            return known
        claims = _verified_claims(token, keys)
        with self._lock:
            if keys is self._keys:  # else a key was changed meanwhile, and the next request verifies again
                self._verified[digest] = claims
                if len(self._verified) > _REMEMBERED_TOKENS:
                    self._verified.popitem(last=False)
        return claims

    def public(self) -> dict[str, str]:
        """What UMS answers: the bare base64 bodies of both SPKI keys; the one before only when there is one."""
        return dict(zip(("publicKey", "previousPublicKey"), map(_public_body, self._keys), strict=False))

    def rotate(self) -> None:
        """Sign with a new pair from now on; the one before still verifies, older ones do not."""
        fresh = rsa.generate_private_key(65537, _KEY_BITS)
        with self._database.write() as connection:
            connection.execute("INSERT INTO ums_signing_key (private_key) VALUES (?)", (_pem(fresh),))
            connection.execute(
                "DELETE FROM ums_signing_key WHERE generation NOT IN"
                " (SELECT generation FROM ums_signing_key ORDER BY generation DESC LIMIT 2)"
            )
            # Inside the transaction, so that two rotations come into memory in the order of the file.
            with self._lock:
                self._keys = (fresh, *self._keys[:1])
                self._verified = OrderedDict()


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
