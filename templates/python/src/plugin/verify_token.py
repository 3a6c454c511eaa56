"""Token checks: who signed it, how, and when it is valid. What it allows is decided in ``authenticate.py``."""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, Any

from plugin.errors import PluginError
from plugin.public_keys import get_changed_public_keys, get_public_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from plugin.settings import Settings

# BioT signs with RS512 and nothing else. Any other algorithm, including "none", is refused.
ALGORITHM = "RS512"
# Platform tokens list about twenty scopes and have less than 2 KB.
LONGEST_TOKEN = 16 * 1024
LONGEST_LIFE_SECONDS = 366 * 24 * 60 * 60
# How far BioT's clock and Lambda's clock may differ.
CLOCK_SKEW_SECONDS = 30


def verify_token(token: str, settings: Settings, remaining_seconds: Callable[[], float]) -> dict[str, Any]:
    """Return the claims of a valid token. A signature by an unknown key makes the plugin fetch the keys again.

    Raises:
        PluginError: 401 TOKEN_NOT_VALID, or 503 PUBLIC_KEY_NOT_AVAILABLE.
        ConfigurationError: The address of BioT is missing.
    """
    content = verify_signature(token, get_public_keys(settings, remaining_seconds))
    if content is None:
        content = verify_signature(token, get_changed_public_keys(settings, remaining_seconds))
    if content is None:
        raise not_valid("none of BioT's keys signed it")
    return read_claims(content)


def verify_signature(token: str, keys: Sequence[RSAPublicKey]) -> bytes | None:
    """Return the content of the token if one of the keys signed it; None when the signature fits no key.

    Raises:
        PluginError: 401 TOKEN_NOT_VALID, the text is not a token, or is not signed the way BioT signs.
    """
    from jwt import PyJWS
    from jwt.exceptions import InvalidSignatureError, PyJWTError

    if len(token) > LONGEST_TOKEN:
        raise not_valid("it is too long")
    for key in keys:
        try:
            decoded = PyJWS().decode_complete(token, key, algorithms=[ALGORITHM])
        except InvalidSignatureError:
            continue
        except (PyJWTError, ValueError) as error:
            raise not_valid(f"it is not a BioT token ({type(error).__name__})") from None
        if "crit" in decoded["header"]:
            raise not_valid("it requires an extension (crit)")
        content: bytes = decoded["payload"]
        return content
    return None


def read_claims(content: bytes) -> dict[str, Any]:
    """Return the claims of a token whose signature was good.

    Raises:
        PluginError: 401 TOKEN_NOT_VALID: the token has expired, never expires, is not valid yet, or has an audience.
    """
    try:
        claims = json.loads(content)
    except (ValueError, RecursionError):
        raise not_valid("its content is not JSON") from None
    if not isinstance(claims, dict):
        raise not_valid("its content is not a JSON object")
    now = time.time()
    expires = read_time(claims, "exp")
    if expires <= now - CLOCK_SKEW_SECONDS:
        raise not_valid("it has expired")
    if expires > now + LONGEST_LIFE_SECONDS:
        raise not_valid("its exp is more than 366 days ahead")
    if "nbf" in claims and read_time(claims, "nbf") > now + CLOCK_SKEW_SECONDS:
        raise not_valid("it is not valid yet (nbf)")
    if "aud" in claims:
        # BioT's tokens name no audience.
        raise not_valid("it was issued for another audience (aud)")
    return claims


def read_time(claims: dict[str, Any], name: str) -> int | float:
    """Return a claim that is a point in time: a finite number of seconds.

    Raises:
        PluginError: 401 TOKEN_NOT_VALID. (True is refused by name: in Python it is also the number 1.)
    """
    value = claims.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise not_valid(f"its {name} is missing or is not a number")


def not_valid(why: str) -> PluginError:
    """Return the same error for every reason. The log has the reason: a forger must not learn which check failed."""
    return PluginError(401, "TOKEN_NOT_VALID", "The token is not valid.", why=why)
