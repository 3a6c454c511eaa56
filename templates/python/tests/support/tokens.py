"""Tokens as BioT issues them, and tokens as an attacker would forge them.

They are built by hand, because a good token library refuses to create bad ones.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HASHES = {"RS256": hashes.SHA256, "RS512": hashes.SHA512}
LIFE_SECONDS = 1790
SOME_ID = "00000000-0000-4000-8000-00000000000a"

# The claims of the tokens that plugins get, as BioT issues them. "exp" is added when a token is created.
CLAIMS: dict[str, dict[str, Any]] = {
    "platform-notification": {
        "serviceUserId": SOME_ID,
        "scopes": ["PROTECTED_API", "ACTION_NOTIFICATION", "PERMISSIONS_SYNC_PERMISSIONS"],
        "tokenType": "SERVICE_INTERNAL",
        "jti": SOME_ID,
    },
    "platform-interceptor": {
        "serviceUserId": SOME_ID,
        "scopes": ["PROTECTED_API", "PLUGIN_INTERCEPTOR", "UMS_USERS_UPDATE_USER"],
        "tokenType": "SERVICE_INTERNAL",
        "jti": SOME_ID,
    },
    "user": {
        "sub": SOME_ID,
        "tenantId": SOME_ID,
        "refreshTokenId": SOME_ID,
        "scopes": ["PROTECTED_API"],
        "tokenType": "USER",
        "jti": SOME_ID,
    },
    "service": {
        "serviceUserId": SOME_ID,
        "scopes": ["PROTECTED_API"],
        "tokenType": "SERVICE_EXTERNAL",
        "jti": SOME_ID,
    },
}


@cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    """Return the key of this name (such as "current" or "foreign"), generated once in a test run."""
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(name: str) -> str:
    return private_key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_key(name: str) -> str:
    """Return the key as BioT publishes it: the PEM's body, without its first and last line."""
    return "".join(public_pem(name).splitlines()[1:-1])


def make_token(spec: str | dict[str, Any] | None) -> str:
    """Create a token as a row of cases.json describes it; "about" in that file explains the words."""
    if spec is None:
        return ""
    if isinstance(spec, str):
        spec = {"like": spec}
    if "raw" in spec:
        return str(spec["raw"])
    algorithm = spec.get("algorithm", "RS512")
    header = {"alg": algorithm, **spec.get("header", {})}
    claims = {**CLAIMS.get(spec.get("like", ""), {}), "exp": int(time.time()) + LIFE_SECONDS}
    claims |= {name: claim_value(value) for name, value in spec.get("claims", {}).items()}
    claims = {name: value for name, value in claims.items() if value is not None}
    # A claim {"$json": "1e400"} became the text "$json:1e400$"; now its quotes go.
    payload = re.sub(r'"\$json:(.*?)\$"', r"\1", json.dumps(claims))
    signed = f"{encode(json.dumps(header).encode())}.{encode(payload.encode())}"
    return f"{signed}.{encode(sign(signed.encode(), algorithm, spec.get('key', 'current')))}"


def claim_value(value: object) -> object:
    if not isinstance(value, dict):
        return value
    if "$now" in value:
        return int(time.time()) + value["$now"]
    if "$text" in value:
        return "x" * value["$text"]
    if "$json" in value:
        return f"$json:{value['$json']}$"
    return value


def sign(message: bytes, algorithm: str, key: str) -> bytes:
    if algorithm == "none":
        return b""
    if algorithm == "HS512":
        # The attack: using the public key, which everybody knows, as the secret of a symmetric signature.
        return hmac.new(public_pem(key).encode(), message, hashlib.sha512).digest()
    return private_key(key).sign(message, padding.PKCS1v15(), HASHES[algorithm]())


def encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
