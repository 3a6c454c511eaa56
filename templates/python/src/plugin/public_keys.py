"""The keys with which BioT signs its tokens.

BioT changes its key from time to time; meanwhile it publishes the new one and the previous one. Both are tried, and a
signature that neither fits makes the plugin fetch the keys again, so no restart is needed.

A forged signature looks exactly like one by a new key, and anybody can send forged tokens. So the fetches are limited,
by a limit that a stranger cannot use up: several may follow each other at once, and one more is allowed every second. A
few forged tokens do not delay a genuine one at all. During a flood the keys in memory are never older than one second,
whoever sent the token that had them fetched, so genuine tokens are refused for one second at most after a change.

Two other ways were rejected. A token cannot say that it is newer than the keys: whoever forges it also writes its
``iat``. And a call that waits for the next fetch would also let forged calls wait, each of them in a Lambda process of
its own, until none is left for BioT. One fetch a second is little: the key is public, a stranger can also ask BioT for
it directly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from plugin.errors import PluginError
from plugin.send_request import Request, send_twice
from plugin.settings import Settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

KEY_PATH = "/ums/v1/security/public-key"
KEY_TIMEOUT = 2.0
SMALLEST_KEY_BITS = 2048
FETCHES_AT_ONCE = 5
SECONDS_PER_FETCH = 1.0


@dataclass(slots=True)
class FetchLimit:
    """Allows five fetches at once, and one more for every second that passed.

    Attributes:
        full_at: When all five are allowed again, on the clock that does not go back.
    """

    full_at: float = float("-inf")

    def allows_fetch(self) -> bool:
        """Count a fetch; return whether it may be made."""
        now = monotonic()
        full_at = max(self.full_at, now) + SECONDS_PER_FETCH
        if full_at - now > FETCHES_AT_ONCE * SECONDS_PER_FETCH:
            return False
        self.full_at = full_at
        return True


@dataclass(slots=True)
class KeptKeys:
    """The keys as fetched last, none before the first fetch, and the limit of further fetches."""

    keys: list[RSAPublicKey] = field(default_factory=list)
    limit: FetchLimit = field(default_factory=FetchLimit)


# Kept between the calls of one Lambda process, by BioT address.
_KEPT: dict[str, KeptKeys] = {}


def get_public_keys(settings: Settings, remaining_seconds: Callable[[], float]) -> list[RSAPublicKey]:
    """Return BioT's keys, from memory or from BioT.

    Raises:
        PluginError: 503 PUBLIC_KEY_NOT_AVAILABLE.
        ConfigurationError: The address of BioT is missing.
    """
    kept = _KEPT.setdefault(settings.base_url, KeptKeys())
    if not kept.keys:
        if not kept.limit.allows_fetch():
            raise not_available()
        kept.keys = fetch_public_keys(settings, remaining_seconds)
    return kept.keys


def get_changed_public_keys(settings: Settings, remaining_seconds: Callable[[], float]) -> list[RSAPublicKey]:
    """Fetch the keys again because none of them fits; return nothing when the limit does not allow another fetch."""
    kept = _KEPT[settings.base_url]
    if not kept.limit.allows_fetch():
        return []
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
