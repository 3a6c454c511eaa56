"""What a client receives after a fault, as steps for the gate to play. No I/O happens here."""

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
    """A normal close: everything that was written arrives."""
    RESET = "reset"
    """RST: whatever was not read yet is lost."""
    HANG = "hang"
    """Nothing more is sent; the client has to give up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """A pause of some seconds without bytes."""

    seconds: float


Step = bytes | Pause | ConnectionEnd
"""Bytes to send, a pause, or the end of the connection."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CompleteResponse:
    """A complete HTTP response."""

    status: int = 200
    headers: Headers = JSON
    body: bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultContext:
    """What a faulty response may depend on.

    Attributes:
        response: The local BioT's real response; an empty one when it did not get the request.
        path: The path of the request, as sent.
        seconds: The length of the fault's pauses.
        elsewhere: The address of another host, for redirects.
        now: The current time.
    """

    response: CompleteResponse
    path: str
    seconds: float
    elsewhere: str
    now: datetime


ResponseScript = Callable[[FaultContext], Iterable[Step]]
"""The steps that a client sees; they end with a ``ConnectionEnd``, or the connection closes after the last step."""


def encode_head(status: int, headers: Headers, *, now: datetime, version: str = "1.1") -> bytes:
    """Return the status line and headers, with the date and ``connection: close``."""
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
    """Format a time for ``Date`` and ``Retry-After``: ``Fri, 20 Nov 2026 21:00:00 GMT``."""
    from email.utils import format_datetime

    return format_datetime(moment, usegmt=True).encode()


def with_content_length(response: CompleteResponse, *, length: int | None = None) -> Headers:
    """Return the headers with a Content-Length: the body's length, or a wrong one."""
    others = [pair for pair in response.headers if pair[0].lower() not in {b"content-length", b"transfer-encoding"}]
    return (*others, (b"content-length", str(len(response.body) if length is None else length).encode()))


def encode_response(response: CompleteResponse, *, now: datetime) -> bytes:
    """Return the bytes of the response as a correct server sends them."""
    return encode_head(response.status, with_content_length(response), now=now) + response.body
