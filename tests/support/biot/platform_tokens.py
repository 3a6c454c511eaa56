"""Tokens as BioT signs them: RS512 with an RSA-2048 key that exists only during a test."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, field
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass(frozen=True)
class SigningKey:
    """One generation of BioT's key pair."""

    private: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    @property
    def public_key(self) -> str:
        """The bare base64 body of the SPKI key, which is what UMS answers."""
        der = self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64.b64encode(der).decode()

    def platform_token(self, scope: str) -> str:
        """The token that BioT sends to a plugin for a hook with ``scope``."""
        return self._sign(
            {"serviceUserId": str(uuid4()), "tokenType": "SERVICE_INTERNAL", "scopes": ["PROTECTED_API", scope]}
        )

    def user_token(self) -> str:
        """The token of a logged-in user."""
        return self._sign({"sub": str(uuid4()), "tokenType": "USER", "scopes": ["PROTECTED_API"]})

    def _sign(self, claims: dict[str, object]) -> str:
        return jwt.encode({**claims, "jti": str(uuid4()), "exp": int(time.time()) + 1800}, self.private, "RS512")
