"""The HTTP request that a plugin receives: body, headers and token."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from sandbox.hooks.rules import traces
from sandbox.hooks.rules.api_messages import JSON_TYPE, json_bytes
from sandbox.hooks.rules.hook_events import HOOKTYPES, SCOPES
from sandbox.hooks.rules.subscription_matching import HookType
from sandbox.hooks.rules.undocumented_hooks import HOOK_TOKEN_MINUTES, HOOK_TOKEN_REUSE_SECONDS, PLATFORM_SERVICE_USER
from sandbox.web.authorization import SERVICE_INTERNAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.clock import Clock
    from sandbox.hooks.rules.traces import Span
    from sandbox.tokens.signing_keys import SigningKeys


@dataclass(frozen=True, kw_only=True, slots=True)
class HookRequest:
    """A request to an endpoint.

    Attributes:
        headers: The headers, with names in lower case.
        body: The body.
    """

    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class HookTokens:
    """Signs the tokens of hooks, and reuses each for a while as BioT does. Thread-safe.

    Args:
        keys: The key pairs of this BioT.
        clock: The current time.
    """

    def __init__(self, keys: SigningKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[tuple[str, ...], tuple[float, int, str]] = {}

    def token_for(self, kind: HookType, clock_seconds: int = 0) -> str:
        """Return a token with the scopes of a kind of call.

        Args:
            kind: The kind of call.
            clock_seconds: How far the clock that decides when it ends is ahead; negative when it is behind.
        """
        if clock_seconds:
            return self._keys.sign(self.claims_for(kind, clock_seconds))
        scopes, now, rotations = SCOPES[kind], self._clock.now().timestamp(), self._keys.rotations
        with self._lock:
            issued, of_rotations, token = self._tokens.get(scopes, (-1.0, -1, ""))
            if of_rotations != rotations or not 0 <= now - issued < HOOK_TOKEN_REUSE_SECONDS:
                token = self._keys.sign(self.claims_for(kind))
                self._tokens[scopes] = (now, rotations, token)
        return token

    def claims_for(self, kind: HookType, clock_seconds: int = 0) -> dict[str, object]:
        """Return the claims of a new token with the scopes of a kind of call; the arguments are those of token_for."""
        expires = self._clock.now() + timedelta(minutes=HOOK_TOKEN_MINUTES, seconds=clock_seconds)
        return {
            "serviceUserId": PLATFORM_SERVICE_USER,
            "scopes": list(SCOPES[kind]),
            "tokenType": SERVICE_INTERNAL,
            "jti": str(uuid4()),
            "exp": int(expires.timestamp()),
        }


def hook_request(
    kind: HookType, event: Mapping[str, object], token: str, span: Span, language: str = ""
) -> HookRequest:
    """Return the request for one call of an endpoint.

    Args:
        kind: The kind of call.
        event: The body, without a token.
        token: An interceptor gets it as a header, a notification as ``jwt`` in the body.
        span: The step of the trace.
        language: The caller's ``accept-language``, which interceptors get.
    """
    headers = {"hooktype": HOOKTYPES[kind], "content-type": JSON_TYPE, traces.HEADER: span.traceparent}
    if kind is HookType.NOTIFICATION:
        return HookRequest(headers=headers, body=json_bytes({**event, "jwt": token}))
    headers["authorization"] = f"Bearer {token}"
    if language:
        headers["accept-language"] = language
    return HookRequest(headers=headers, body=json_bytes(event))
