"""The keys with which BioT signs its tokens.

BioT changes its key from time to time, and then publishes both the new key and the previous one. The plugin tries both.
When neither fits a signature, the plugin fetches the keys again, so it needs no restart.

A forged signature looks exactly like a signature by a new key, and anybody can send forged tokens. So the number of
fetches is limited, in a way that an attacker cannot use up: five at once, and one more every second. A few forged
tokens do not delay a genuine one at all. During a flood of forged tokens the keys in memory are never older than one
second, so after a change of the key genuine tokens are refused for one second at most.

Two other ways were rejected. A token cannot prove that it is newer than the keys, because the forger also writes its
``iat``. And if calls waited for the next fetch, forged calls would wait as well, each of them in a Lambda process of
its own, until none is left for BioT. One fetch a second is little: the key is public, and an attacker can ask BioT for
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
    """Allows five fetches at once, and one more for every second that has passed.

    Attributes:
        full_at: When all five are allowed again, on a clock that never goes back.
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
class CachedKeys:
    """The keys from the last fetch (none before the first one), and the limit for further fetches."""

    keys: list[RSAPublicKey] = field(default_factory=list)
    limit: FetchLimit = field(default_factory=FetchLimit)


# Cached between the calls of one Lambda process, by BioT address.
_CACHE: dict[str, CachedKeys] = {}


def get_public_keys(settings: Settings, remaining_seconds: Callable[[], float]) -> list[RSAPublicKey]:
    """Return BioT's keys, from memory or from BioT.

    Raises:
        PluginError: 503 PUBLIC_KEY_NOT_AVAILABLE.
        ConfigurationError: The address of BioT is missing.
    """
    cached = _CACHE.setdefault(settings.base_url, CachedKeys())
    if not cached.keys:
        if not cached.limit.allows_fetch():
            raise not_available()
        cached.keys = fetch_public_keys(settings, remaining_seconds)
    return cached.keys


def get_changed_public_keys(settings: Settings, remaining_seconds: Callable[[], float]) -> list[RSAPublicKey]:
    """Fetch the keys again because none of them fits; return no keys when the limit does not allow another fetch."""
    cached = _CACHE[settings.base_url]
    if not cached.limit.allows_fetch():
        return []
    cached.keys = fetch_public_keys(settings, remaining_seconds)
    return cached.keys


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
    """Return the key, or None if the text is not a key. BioT sends a PEM without its first and last line."""
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
    """Clear the cached keys; the next token makes the plugin fetch them again."""
    _CACHE.clear()
