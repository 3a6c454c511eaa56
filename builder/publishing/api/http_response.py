"""HTTP responses, read without trust: the bytes may be a proxy's page, half a body, or made to mislead."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from builder.network.http_dates import requested_seconds, response_time
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_QUOTED = 300
"""Characters of a server's text that a message quotes."""

_PAGE = re.compile(rb"^\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
SUCCESS = range(200, 300)
REDIRECT = range(300, 400)
CLIENT_ERROR = range(400, 500)


class UnreadableResponseError(ValueError):
    """The body is not the JSON object that BioT answers. The message says what it is, as part of a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpResponse:
    """A complete HTTP response.

    Attributes:
        status: 200 to 599.
        headers: Names in lower case; of repeated headers the last.
        body: Decompressed.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)

    @property
    def succeeded(self) -> bool:
        """Whether the status is 2xx."""
        return self.status in SUCCESS


@dataclass(frozen=True, kw_only=True, slots=True)
class BiotError:
    """BioT's ErrorResponse (specification 2.4.2): it proves that BioT itself answered, completely."""

    code: str
    message: str
    trace_id: str
    details: Mapping[str, object]

    @property
    def description(self) -> str:
        """The error as part of a sentence, safe for a terminal."""
        details = ", ".join(f"{key}: {_as_text(value)}" for key, value in self.details.items())
        parts = [printable(self.code, MAX_QUOTED)]
        if self.message:
            parts.append(f": {printable(self.message.strip().rstrip('.'), MAX_QUOTED)}")
        if details:
            parts.append(f" ({printable(details, MAX_QUOTED)})")
        if self.trace_id:
            parts.append(f", trace {printable(self.trace_id, 64)}")
        return "".join(parts)


def read_object(response: HttpResponse) -> dict[str, object]:
    """The JSON object of a response.

    Raises:
        UnreadableResponseError: It is an HTML page, not UTF-8, not JSON, or has a duplicate key or NaN.
    """
    if looks_like_page(response):
        msg = "an HTML page, as proxies and login portals send"
        raise UnreadableResponseError(msg)
    try:
        text = response.body.decode("utf-8")
    except UnicodeDecodeError as error:
        msg = "not UTF-8 text"
        raise UnreadableResponseError(msg) from error
    try:
        document = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
    except UnreadableResponseError:
        raise
    except (ValueError, RecursionError) as error:
        msg = "empty" if not text.strip() else "not complete JSON"
        raise UnreadableResponseError(msg) from error
    if not isinstance(document, dict):
        msg = "not a JSON object"
        raise UnreadableResponseError(msg)
    return document


def looks_like_page(response: HttpResponse) -> bool:
    """Whether this is HTML, which BioT's API never answers."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in {"text/html", "application/xhtml+xml"} or _PAGE.match(response.body[:200]) is not None


def read_error(response: HttpResponse) -> BiotError | None:
    """BioT's error in a response; None when something else answered, or the body is incomplete."""
    try:
        document = read_object(response)
    except UnreadableResponseError:
        return None
    code, message, details = document.get("code"), document.get("message", ""), document.get("details")
    if not isinstance(code, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]{0,127}", code):
        return None
    trace = document.get("traceId")
    return BiotError(
        code=code,
        message=message if isinstance(message, str) else "",
        trace_id=trace if isinstance(trace, str) else "",
        details=details if isinstance(details, dict) else {},
    )


def is_garbled(response: HttpResponse) -> bool:
    """Whether this is a damaged error of BioT: its type is JSON, but it is not what BioT sends."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" and read_error(response) is None


def describe_response(response: HttpResponse) -> str:
    """An unexpected response as part of a sentence."""
    if error := read_error(response):
        return f"HTTP {response.status}, {error.description}"
    if response.status in REDIRECT:
        location = printable(response.headers.get("location", ""), 100)
        return f"HTTP {response.status}, a redirect{f' to {location}' if location else ''}, which is not followed"
    if looks_like_page(response):
        return f"HTTP {response.status} with an HTML page: a proxy or portal answered, not BioT's API"
    try:
        read_object(response)
    except UnreadableResponseError as reason:
        return f"HTTP {response.status}, and its body is {reason}"
    return f"HTTP {response.status}, and its body is not an error of BioT's API"


def server_time(response: HttpResponse) -> float | None:
    """The ``Date`` header in seconds since 1970 (UTC); None when it is missing or unreadable."""
    return response_time(response.headers)


def retry_after(response: HttpResponse) -> float | None:
    """The seconds that ``Retry-After`` asks to wait; None when it is missing or unreadable."""
    return requested_seconds(response.headers)


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        msg = "JSON with a duplicate key"
        raise UnreadableResponseError(msg)
    return table


def _refuse_constant(name: str) -> object:
    msg = f"JSON with the invalid number {name}"
    raise UnreadableResponseError(msg)


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
