"""RS512 with RSA-2048: makes key pairs, signs tokens and verifies them.

Imported at the first token: loading ``cryptography`` takes a tenth of the start of a local BioT.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ALGORITHM = "RS512"
_KEY_BITS = 2048


class KeyPair:
    """A key pair.

    Args:
        private_key: As PEM, in the form in which ``new_private_key`` returns it.
    """

    def __init__(self, private_key: str) -> None:
        # The check of the primes takes 60 ms, and this key is one that the local BioT made.
        key = serialization.load_pem_private_key(private_key.encode(), None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, rsa.RSAPrivateKey):
            message = "The key is not an RSA key."
            raise TypeError(message)
        self._key = key

    def sign(self, claims: Mapping[str, object]) -> str:
        """Sign a token. Its header is exactly ``{"alg":"RS512"}``: the platform sets neither ``kid`` nor ``typ``."""
        return jwt.encode(dict(claims), self._key, ALGORITHM, headers={"typ": None})

    def claims(self, token: str) -> Mapping[str, Any] | None:
        """Return the claims of a token, whether it has expired or not; None if this pair has not signed it."""
        try:
            return jwt.decode(token, self._key.public_key(), [ALGORITHM], options={"verify_exp": False})
        except jwt.InvalidTokenError:
            return None

    def public_body(self) -> str:
        """Return the public key as bare base64 SPKI."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return base64.b64encode(self._key.public_key().public_bytes(serialization.Encoding.DER, form)).decode()


def new_private_key() -> str:
    """Make a key pair and return its private key as PEM."""
    key = rsa.generate_private_key(65537, _KEY_BITS)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def first_claims(token: str, pairs: Iterable[KeyPair]) -> Mapping[str, Any] | None:
    """Return the claims of a token that one of these pairs has signed; None if none has."""
    return next((claims for pair in pairs if (claims := pair.claims(token)) is not None), None)
