"""Break what a plugin receives, in one way each: its token, its body, or its headers.

They follow the groups of ``templates/cases.json``, which says what a generated plugin answers to each.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Literal

from sandbox.hooks.hook_requests import HookRequest
from sandbox.hooks.rules.api_messages import json_bytes, json_or_none
from sandbox.hooks.rules.subscription_matching import HookType
from sandbox.hooks.rules.traces import HEADER, parse_traceparent
from sandbox.web.biot_errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.hooks.hook_calls import Alteration
    from sandbox.hooks.hook_requests import HookTokens
    from sandbox.tokens.signing_keys import SigningKeys

    Change = Callable[["HookBeingBroken"], HookRequest]

BreakGroup = Literal["tokens", "public keys", "bodies", "events", "trace ids"]
_LARGE = 6_400_000


@dataclass(frozen=True, kw_only=True, slots=True)
class EventBreak:
    """One way to break a call of a plugin.

    Attributes:
        name: As ``--break`` takes it.
        group: Its group in ``templates/cases.json``.
        description: What the plugin receives instead.
        change: Makes it.
    """

    name: str
    group: BreakGroup
    description: str
    change: Change


@dataclass(frozen=True, kw_only=True, slots=True)
class HookBeingBroken:
    """A request to an endpoint, and what is needed to sign another token for it.

    Attributes:
        kind: The kind of call.
        request: The request.
        tokens: The claims of valid tokens.
        keys: The key pairs of this BioT.
        first: Whether it is the first call of its chain.
    """

    kind: HookType
    request: HookRequest
    tokens: HookTokens
    keys: SigningKeys
    first: bool

    def claims(self, **changes: object) -> dict[str, object]:
        """Return the claims of a valid token with some changes; None removes one."""
        claims = {**self.tokens.claims_for(self.kind), **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def with_token(self, token: str | None) -> HookRequest:
        """Return the request with another token, or without one, where this kind of call has it."""
        if self.kind is HookType.NOTIFICATION:
            return self.with_key("jwt", token)
        return self.with_header("authorization", token and f"Bearer {token}")

    def signed(self, **changes: object) -> HookRequest:
        """Return the request with a token that BioT has signed, and changed claims."""
        return self.with_token(self.keys.sign(self.claims(**changes)))

    def with_header(self, name: str, value: str | None) -> HookRequest:
        """Return the request with another header; None removes it."""
        headers = {key: text for key, text in self.request.headers.items() if key != name}
        return HookRequest(headers=headers | ({name: value} if value else {}), body=self.request.body)

    def with_key(self, key: str, value: object) -> HookRequest:
        """Return the request with another value at a key of its body; None removes the key."""
        body = json_or_none(self.request.body)
        content = {name: old for name, old in body.items() if name != key} if isinstance(body, dict) else {}
        return self.with_body(json_bytes(content | ({} if value is None else {key: value})))

    def with_body(self, body: bytes) -> HookRequest:
        """Return the request with another body."""
        return HookRequest(headers=self.request.headers, body=body)

    @property
    def data_key(self) -> str:
        """The key of the body with the data of the hook."""
        keys = {HookType.NOTIFICATION: "data", HookType.PRE_REQUEST: "request"}
        return keys.get(self.kind, "response")


def find_break(name: str) -> EventBreak:
    """Return the break with a name.

    Raises:
        ApiError: 400, there is none.
    """
    if name not in EVENT_BREAKS:
        message = f"There is no way {name[:100]} to break a call. There are {', '.join(EVENT_BREAKS)}."
        raise bad_request(message)
    return EVENT_BREAKS[name]


def alteration_of(chosen: EventBreak, tokens: HookTokens, keys: SigningKeys) -> Alteration:
    """Return a function that breaks every request of a chain."""
    calls = count()

    def alter(kind: HookType, request: HookRequest) -> HookRequest:
        first = next(calls) == 0
        return chosen.change(HookBeingBroken(kind=kind, request=request, tokens=tokens, keys=keys, first=first))

    return alter


def _foreign_key(broken: HookBeingBroken) -> HookRequest:
    from sandbox.tokens.token_signatures import KeyPair, new_private_key

    return broken.with_token(KeyPair(new_private_key()).sign(broken.claims()))


def _unsigned(broken: HookBeingBroken) -> HookRequest:
    import jwt

    return broken.with_token(jwt.encode(broken.claims(), "", "none"))


def _public_key_as_secret(broken: HookBeingBroken) -> HookRequest:
    import jwt

    secret = broken.keys.public()["publicKey"]
    return broken.with_token(jwt.encode(broken.claims(), secret, "HS512"))


def _user_token(broken: HookBeingBroken) -> HookRequest:
    return broken.signed(
        serviceUserId=None, tokenType="USER", sub="00000000-0000-4000-8000-0000000000b2", scopes=["PROTECTED_API"]
    )


def _new_key(broken: HookBeingBroken) -> HookRequest:
    if broken.first:
        broken.keys.rotate()
    return broken.signed()


def _previous_key(broken: HookBeingBroken) -> HookRequest:
    """Sign, and only then change the key; once in a chain, because the token of its caller must stay valid."""
    request = broken.signed()
    if broken.first:
        broken.keys.rotate()
    return request


def _scope_as_text(broken: HookBeingBroken) -> HookRequest:
    scopes = broken.claims()["scopes"]
    return broken.signed(scopes=" ".join(scopes) if isinstance(scopes, list) else "")


def _expired(broken: HookBeingBroken) -> HookRequest:
    expires = broken.claims()["exp"]
    return broken.signed(exp=expires - 7200 if isinstance(expires, int) else 0)


def _not_yet_valid(broken: HookBeingBroken) -> HookRequest:
    return broken.signed(nbf=broken.claims()["exp"])


def _base64(broken: HookBeingBroken) -> HookRequest:
    """Lambda encodes the body of a binary content type in base64 and sets ``isBase64Encoded``."""
    return broken.with_header("content-type", "application/octet-stream")


def _not_utf8_in_base64(broken: HookBeingBroken) -> HookRequest:
    return HookRequest(headers=_base64(broken).headers, body=b"\xff\xfe" + broken.request.body)


def _large(broken: HookBeingBroken) -> HookRequest:
    return broken.with_key("padding", "x" * _LARGE)


def _nan(broken: HookBeingBroken) -> HookRequest:
    body = json_or_none(broken.request.body)
    return broken.with_body(json.dumps({**(body if isinstance(body, dict) else {}), "nan": float("nan")}).encode())


def _other_case(broken: HookBeingBroken) -> HookRequest:
    return broken.with_header("hooktype", broken.request.headers["hooktype"].lower())


def _upper_case_trace(broken: HookBeingBroken) -> HookRequest:
    return broken.with_header(HEADER, broken.request.headers[HEADER].upper())


def _zero_trace(broken: HookBeingBroken) -> HookRequest:
    span = parse_traceparent(broken.request.headers[HEADER])
    return broken.with_header(HEADER, f"00-{'0' * 32}-{span.span_id if span else '0' * 16}-00")


_BREAKS: tuple[tuple[BreakGroup, str, str, Change], ...] = (
    ("tokens", "no-token", "no token", lambda one: one.with_token(None)),
    ("tokens", "expired-token", "a token that expired 90 minutes ago", _expired),
    ("tokens", "no-expiry", "a token without exp", lambda one: one.signed(exp=None)),
    ("tokens", "future-token", "a token that is not valid yet (nbf)", _not_yet_valid),
    (
        "tokens",
        "wrong-scope",
        "a token without the scope of the hook",
        lambda one: one.signed(scopes=["PROTECTED_API"]),
    ),
    ("tokens", "no-scopes", "a token without scopes", lambda one: one.signed(scopes=None)),
    ("tokens", "scope-as-text", "a token whose scopes are one text", _scope_as_text),
    ("tokens", "wrong-key", "a token signed by a key that is not BioT's", _foreign_key),
    ("tokens", "unsigned-token", "a token without a signature (alg none)", _unsigned),
    ("tokens", "hs512-token", "a token signed with the public key as a secret", _public_key_as_secret),
    ("tokens", "user-token", "the token of a user", _user_token),
    (
        "tokens",
        "external-token",
        "the token of an external service",
        lambda one: one.signed(tokenType="SERVICE_EXTERNAL"),
    ),
    ("tokens", "not-a-token", "a text that is not a token", lambda one: one.with_token("not.a.token")),
    ("public keys", "rotated-key", "a token of a new key; BioT has just changed it", _new_key),
    ("public keys", "previous-key", "a token of the previous key, which BioT still publishes", _previous_key),
    ("bodies", "no-body", "no body", lambda one: one.with_body(b"")),
    ("bodies", "spaces", "a body of spaces", lambda one: one.with_body(b"   ")),
    ("bodies", "not-json", "a body that is not JSON", lambda one: one.with_body(b"{not JSON")),
    ("bodies", "json-list", "a JSON list", lambda one: one.with_body(b"[1, 2]")),
    ("bodies", "nan", "a body with NaN, which is not JSON", _nan),
    (
        "bodies",
        "byte-order-mark",
        "a byte order mark before the JSON",
        lambda one: one.with_body(b"\xef\xbb\xbf" + one.request.body),
    ),
    ("bodies", "base64", "the body in base64", _base64),
    ("bodies", "base64-not-utf8", "a body in base64 that is not UTF-8", _not_utf8_in_base64),
    ("bodies", "no-data", "a body without the data of the hook", lambda one: one.with_key(one.data_key, None)),
    ("bodies", "data-as-text", "a body whose data is a text", lambda one: one.with_key(one.data_key, "text")),
    ("bodies", "no-metadata", "a notification without metadata", lambda one: one.with_key("metadata", None)),
    ("bodies", "6mb", "a body larger than the 6 MB that Lambda accepts", _large),
    (
        "events",
        "unknown-hook",
        "a hooktype that BioT does not have",
        lambda one: one.with_header("hooktype", "UNKNOWN"),
    ),
    ("events", "other-case-hook", "a hooktype in lower case", _other_case),
    ("events", "no-hook", "no hooktype, as in a direct call", lambda one: one.with_header("hooktype", None)),
    ("trace ids", "no-traceparent", "no traceparent", lambda one: one.with_header(HEADER, None)),
    ("trace ids", "malformed-traceparent", "a malformed traceparent", lambda one: one.with_header(HEADER, "00-abc")),
    ("trace ids", "upper-case-traceparent", "a traceparent in upper case", _upper_case_trace),
    ("trace ids", "zero-traceparent", "a traceparent whose trace id is zero", _zero_trace),
)
EVENT_BREAKS: Mapping[str, EventBreak] = {
    name: EventBreak(name=name, group=group, description=description, change=change)
    for group, name, description, change in _BREAKS
}
"""Every way to break a call, by name."""
