"""Secrets without a fixed form: values assigned to names that say that they are secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

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
# What may follow the word in the name; anything else means that the name is about something else (token_url).
_REST = (
    rb"(?P<rest>(?:[_.-]?(?:access|api|key|value|token|secret|ord|d|s|wd|string|default|base64|b64|hex|base|prod|production|"
    rb"dev|stage|staging|live|[0-9]{1,3})){0,4})"
)
_ASSIGNED = rb"(?:[\"'\])]{0,3}\s{0,8}(?::\s{0,4}[a-z_][a-z_.\[\]| ]{0,39}=|=>|:=|[:=](?!=))|[\"']\s{0,4},)\s{0,8}"
# ``re`` compiles each pattern at its first use, which most builds never reach, and keeps it.
_QUOTED = _REST + _ASSIGNED + rb"[rbuf]{0,2}[\"'`](?:(?:bearer|basic|token) )?(?P<value>[^\"'`\s\\]{8,512})[\"'`]"
_BARE = (
    _REST
    + rb"[\"']?[ \t]{0,8}[:=][ \t]{0,8}(?:(?:bearer|basic|token) )?(?P<value>[^\s\"'#;,<>(){}\[\]$]{8,512})(?=\s|\Z)"
)
_NAME = rb"[A-Za-z0-9_.-]{0,48}\Z"
_PUBLIC = (
    rb"public|publishable|csrf|xsrf|test|fake|example|fixture|request|continuation|next|page|idempotency|grant|change"
)
_UUID = rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_LONGEST_NAME = 48


class AssignedSecret(Struct, frozen=True, kw_only=True):
    """A value that looks like a secret: its kind, the name it is assigned to, and its position in the text."""

    kind: str
    name: str
    start: int
    end: int


def find_assigned_secrets(content: bytes, *, bare: bool) -> Iterator[AssignedSecret]:
    """Find every name that means a secret and whose value looks like one.

    Args:
        content: A text.
        bare: Whether values may have no quotes, as in ``.env`` and YAML.
    """
    lowered = content.lower()
    for word in _WORDS:
        position = lowered.find(word)
        while position >= 0:
            after = position + len(word)
            match = re.compile(_QUOTED).match(lowered, after)
            if match is None and bare:
                match = re.compile(_BARE).match(lowered, after)
            kind = _kind_of_match(content, position, match) if match is not None else ""
            if match is not None and kind:
                yield AssignedSecret(
                    kind=kind,
                    name=_name(content, position, match.end("rest")),
                    start=match.start("value"),
                    end=match.end("value"),
                )
            position = lowered.find(word, match.end() if kind and match is not None else after)


def classify_value(name: bytes, value: bytes) -> str:
    """The kind of secret that a value with a certain name is; empty if it is not a secret.

    Args:
        name: The name, in upper or lower case.
        value: The value without quotes.
    """
    lowered = name.lower()
    if lowered.startswith(b"biot") and b"secret" in lowered:
        return SERVICE_SECRET if false_positives.is_filled_in(value) else ""
    if re.search(_PUBLIC, lowered) is not None:
        return ""
    if any(word in lowered for word in _PASSWORD_WORDS) and false_positives.looks_like_password(value):
        return PASSWORD
    if re.fullmatch(_UUID, value) is not None:
        return GENERIC if b"secret" in lowered else ""  # with other names, a UUID identifies a request
    return GENERIC if false_positives.looks_random(value) else ""


def names_a_secret(name: str) -> bool:
    """Whether the name of a variable says that its value is a secret."""
    lowered = name.lower().encode("utf-8", "replace")
    positions = ((word, lowered.rfind(word)) for word in _WORDS)
    return any(
        position >= 0 and re.fullmatch(_REST, lowered[position + len(word) :]) is not None
        for word, position in positions
    )


def _kind_of_match(content: bytes, position: int, match: re.Match[bytes]) -> str:
    name = _name(content, position, match.end("rest")).encode()
    return classify_value(name, content[match.start("value") : match.end("value")])


def _name(content: bytes, position: int, end: int) -> str:
    before = re.search(_NAME, content[max(0, position - _LONGEST_NAME) : position])
    return ((before[0] if before is not None else b"") + content[position:end]).decode("ascii", "replace")
