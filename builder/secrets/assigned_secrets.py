"""Secrets without a form of their own: texts given to names that say what they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from builder.secrets import false_positives

if TYPE_CHECKING:
    from collections.abc import Iterator

GENERIC: Final = "secret-value"
PASSWORD: Final = "password"  # noqa: S105 - the name of a kind
SERVICE_SECRET: Final = "biot-service-secret"  # noqa: S105 - the name of a kind
DESCRIPTIONS: Final = {
    GENERIC: "a secret",
    PASSWORD: "a password",
    SERVICE_SECRET: "the secret of a BioT service user",
}

_WORDS = (
    *(b"secret", b"token", b"passw", b"passphrase", b"_pwd", b"apikey", b"api_key", b"api-key", b"access_key"),
    *(b"accesskey", b"private_key", b"privatekey", b"auth_key", b"authkey", b"signing_key", b"signingkey"),
    *(b"encryption_key", b"encryptionkey", b"account_key", b"credential", b"authorization"),
)
_PASSWORD_WORDS = (b"passw", b"passphrase", b"_pwd")
# What may follow the word in the name: otherwise the name is about something else (token_url, secretName).
_REST = (
    rb"(?P<rest>(?:[_.-]?(?:access|api|key|value|token|secret|ord|d|s|wd|string|default|base64|b64|hex|base|prod|production|"
    rb"dev|stage|staging|live|[0-9]{1,3})){0,4})"
)
_ASSIGNED = rb"(?:[\"'\])]{0,3}\s{0,8}(?::\s{0,4}[a-z_][a-z_.\[\]| ]{0,39}=|=>|:=|[:=](?!=))|[\"']\s{0,4},)\s{0,8}"
_QUOTED = re.compile(
    _REST + _ASSIGNED + rb"[rbuf]{0,2}[\"'`](?:(?:bearer|basic|token) )?(?P<value>[^\"'`\s\\]{8,512})[\"'`]"
)
_BARE = re.compile(
    _REST
    + rb"[\"']?[ \t]{0,8}[:=][ \t]{0,8}(?:(?:bearer|basic|token) )?(?P<value>[^\s\"'#;,<>(){}\[\]$]{8,512})(?=\s|\Z)"
)
_NAME = re.compile(rb"[A-Za-z0-9_.-]{0,48}\Z")
_PUBLIC = re.compile(
    rb"public|publishable|csrf|xsrf|test|fake|example|fixture|request|continuation|next|page|idempotency|grant|change"
)
_UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LONGEST_NAME = 48


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignedSecret:
    """A value that stands where a secret would: its kind, its name, and where value and name lie in the text."""

    kind: str
    name: str
    start: int
    end: int


def find_assigned_secrets(content: bytes, *, bare: bool) -> Iterator[AssignedSecret]:
    """Every name that says secret and has a value that looks like one.

    Args:
        content: A text.
        bare: Values stand without quotes, as in ``.env`` and YAML.
    """
    small = content.lower()
    for word in _WORDS:
        place = small.find(word)
        while place >= 0:
            after = place + len(word)
            found = _QUOTED.match(small, after) or (_BARE.match(small, after) if bare else None)
            kind = _kind(content, place, found) if found is not None else ""
            if found is not None and kind:
                yield AssignedSecret(
                    kind=kind,
                    name=_name(content, place, found.end("rest")),
                    start=found.start("value"),
                    end=found.end("value"),
                )
            place = small.find(word, found.end() if kind and found is not None else after)


def classify_value(name: bytes, value: bytes) -> str:
    """The kind of secret that a value is under its name, or empty.

    Args:
        name: As it stands, in any case.
        value: Its value without quotes.
    """
    small = name.lower()
    if small.startswith(b"biot") and b"secret" in small:
        return SERVICE_SECRET if false_positives.is_filled_in(value) else ""
    if _PUBLIC.search(small) is not None:
        return ""
    if any(word in small for word in _PASSWORD_WORDS) and false_positives.looks_like_password(value):
        return PASSWORD
    if _UUID.fullmatch(value) is not None:
        return GENERIC if b"secret" in small else ""  # under other names it tells one request from the next
    return GENERIC if false_positives.looks_random(value) else ""


def names_a_secret(name: str) -> bool:
    """Whether a variable's name says that its value is a secret."""
    small = name.lower().encode("utf-8", "replace")
    ends = ((word, small.rfind(word)) for word in _WORDS)
    return any(place >= 0 and re.fullmatch(_REST, small[place + len(word) :]) is not None for word, place in ends)


def _kind(content: bytes, place: int, found: re.Match[bytes]) -> str:
    name = _name(content, place, found.end("rest")).encode()
    return classify_value(name, content[found.start("value") : found.end("value")])


def _name(content: bytes, place: int, end: int) -> str:
    before = _NAME.search(content[max(0, place - _LONGEST_NAME) : place])
    return ((before[0] if before is not None else b"") + content[place:end]).decode("ascii", "replace")
