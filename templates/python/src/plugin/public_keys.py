"""The keys with which BioT signs its tokens.

BioT changes its key from time to time; meanwhile it publishes the new one and the previous one. Both are tried, and a
signature that neither fits makes the plugin look again, so no restart is needed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plugin.errors import PluginError
from plugin.http_client import Request, send_twice
from plugin.settings import Settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

KEY_PATH = "/ums/v1/security/public-key"
KEY_TIMEOUT = 2.0
# Not more often, so that a flood of forged tokens does not become a flood of requests to BioT.
SECONDS_BETWEEN_REFETCHES = 60.0
SMALLEST_KEY_BITS = 2048


@dataclass(slots=True, kw_only=True)
class KeptKeys:
    """The keys as fetched last, and when an unknown signature made the plugin fetch them again."""

    keys: list[RSAPublicKey]
    refetched_at: float | None = None


# Kept between the calls of one Lambda process, by BioT address.
_KEPT: dict[str, KeptKeys] = {}


def get_public_keys(settings: Settings, remaining_seconds: Callable[[], float]) -> list[RSAPublicKey]:
    """Return BioT's keys, from memory or from BioT.

    Raises:
        PluginError: 503 PUBLIC_KEY_NOT_AVAILABLE.
        ConfigurationError: The address of BioT is missing.
    """
    kept = _KEPT.get(settings.base_url)
    if kept is None:
        kept = KeptKeys(keys=fetch_public_keys(settings, remaining_seconds))
        _KEPT[settings.base_url] = kept
    return kept.keys


def get_changed_public_keys(settings: Settings, remaining_seconds: Callable[[], float]) -> list[RSAPublicKey]:
    """Fetch the keys again because none of them fits; return nothing when that was done within the last minute."""
    kept = _KEPT[settings.base_url]
    now = time.monotonic()
    if kept.refetched_at is not None and now - kept.refetched_at < SECONDS_BETWEEN_REFETCHES:
        return []
    kept.refetched_at = now
    kept.keys = fetch_public_keys(settings, remaining_seconds)
    return kept.keys


def fetch_public_keys(settings: Settings, remaining_seconds: Callable[[], float]) -> list[RSAPublicKey]:
    """Fetch the keys from BioT; this API needs no token."""
    request = Request(method="GET", url=settings.url(KEY_PATH), headers={})
    try:
        answer = send_twice(request, KEY_TIMEOUT, remaining_seconds)
    except (TimeoutError, ConnectionError) as error:
        raise not_available() from error
    if not answer.ok or not isinstance(answer.json, dict):
        raise not_available()
    texts = [answer.json.get("publicKey"), answer.json.get("previousPublicKey")]
    keys = [key for text in texts if isinstance(text, str) and (key := read_key(text)) is not None]
    if not keys:
        raise not_available()
    return keys


def read_key(text: str) -> RSAPublicKey | None:
    """Return the key, or None when the text is none. BioT sends the body of a PEM without its first and last line."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if "-----BEGIN" not in text:
        text = f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= SMALLEST_KEY_BITS else None


def not_available() -> PluginError:
    """Return the error for a call whose token cannot be checked now."""
    return PluginError(503, "PUBLIC_KEY_NOT_AVAILABLE", "The token cannot be checked now. Try again later.")


def forget_public_keys() -> None:
    """Forget the kept keys; the next token fetches them anew."""
    _KEPT.clear()
