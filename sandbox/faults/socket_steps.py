"""What goes over the wire after a fault, as steps that a gate plays; no I/O here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

Headers = tuple[tuple[bytes, bytes], ...]
JSON: Headers = ((b"content-type", b"application/json"),)
HTML: Headers = ((b"content-type", b"text/html; charset=utf-8"),)


class ConnectionEnd(Enum):
    """How a connection ends."""

    CLOSE = "close"
    """As agreed: what was written arrives, then the end."""
    RESET = "reset"
    """RST: what was not yet read is lost."""
    HANG = "hang"
    """Nothing more comes; the other side has to give up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """Nothing is sent for so many seconds."""

    seconds: float


Step = bytes | Pause | ConnectionEnd
"""Bytes to send, a pause, or the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CompleteResponse:
    """One whole answer."""

    status: int = 200
    headers: Headers = JSON
    body: bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultContext:
    """What an answer may depend on.

    Attributes:
        answered: What the local BioT really answered; an empty answer when it was not asked.
        path: Of the request, as sent.
        seconds: The length of the fault's pauses.
        elsewhere: The address of another host, for redirects.
        now: The present moment.
    """

    answered: CompleteResponse
    path: str
    seconds: float
    elsewhere: str
    now: datetime


ResponseScript = Callable[[FaultContext], Iterable[Step]]
"""What the client gets to see; it ends with an ``ConnectionEnd``, or is closed after the last step."""


def encode_head(status: int, headers: Headers, *, now: datetime, version: str = "1.1") -> bytes:
    """Status line and headers, with the date and the announcement that the connection ends."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/{version} {status} {phrase}".encode()]
    if not any(name.lower() == b"date" for name, _ in headers):
        lines.append(b"date: " + http_date(now))
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"connection: close", b"", b""])


def http_date(moment: datetime) -> bytes:
    """The form of ``Date`` and ``Retry-After``: ``Fri, 20 Nov 2026 21:00:00 GMT``."""
    from email.utils import format_datetime

    return format_datetime(moment, usegmt=True).encode()


def with_content_length(answered: CompleteResponse, *, length: int | None = None) -> Headers:
    """The headers with a Content-Length: the body's own, or a wrong one."""
    kept = tuple(pair for pair in answered.headers if pair[0].lower() not in {b"content-length", b"transfer-encoding"})
    return (*kept, (b"content-length", str(len(answered.body) if length is None else length).encode()))


def encode_response(answered: CompleteResponse, *, now: datetime) -> bytes:
    """The answer as a correct server sends it."""
    return encode_head(answered.status, with_content_length(answered), now=now) + answered.body
