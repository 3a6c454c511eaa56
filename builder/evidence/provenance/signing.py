"""DSSE envelopes (https://github.com/secure-systems-lab/dsse) with Ed25519: deterministic, short, and offline."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.errors import PackagingError

if TYPE_CHECKING:
    from collections.abc import Callable

KEY_VARIABLE = "BIOT_PLUGIN_SIGNING_KEY"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
_HINT = f"Create one with `openssl genpkey -algorithm ed25519 -out key.pem`, or unset {KEY_VARIABLE}."


class Signer(Struct, frozen=True, kw_only=True):
    """A private key, hidden behind its only use.

    Attributes:
        keyid: sha256 of the public key (SubjectPublicKeyInfo, DER) in hex.
        sign: Bytes -> signature.
    """

    keyid: str
    sign: Callable[[bytes], bytes]


def load_signer(key_file: str) -> Signer | None:
    """The signer with the key in a PEM file; None when the path is empty.

    Raises:
        PackagingError: The file cannot be read, or is not an unencrypted Ed25519 private key.
    """
    if not key_file:
        return None
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    try:
        key = load_pem_private_key(Path(key_file).expanduser().read_bytes(), password=None)
    except OSError as error:
        msg = f"The signing key in {KEY_VARIABLE} cannot be read: {error.strerror}."
        raise PackagingError(msg, hint="Check the path and its permissions.") from error
    except (ValueError, TypeError) as error:
        msg = f"The file in {KEY_VARIABLE} is not a PEM private key without a password."
        raise PackagingError(msg, hint=_HINT) from error
    if not isinstance(key, Ed25519PrivateKey):
        msg = f"The key in {KEY_VARIABLE} is not an Ed25519 key."
        raise PackagingError(msg, hint=_HINT)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Signer(keyid=hashlib.sha256(public).hexdigest(), sign=key.sign)


def envelope(payload: bytes, signer: Signer) -> dict[str, object]:
    """The DSSE envelope: the payload with its signature."""
    import base64

    signature = signer.sign(pre_authentication_encoding(PAYLOAD_TYPE, payload))
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": signer.keyid, "sig": base64.b64encode(signature).decode()}],
    }


def pre_authentication_encoding(kind: str, payload: bytes) -> bytes:
    """The signed bytes: type and payload, each with its length, so that neither can be mistaken for the other."""
    return b"DSSEv1 %d %s %d %s" % (len(kind.encode()), kind.encode(), len(payload), payload)
