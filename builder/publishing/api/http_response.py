"""What a server's answer says, read without trust: its bytes may be a proxy's page, half a body, or made to mislead."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

SHOWN = 300
"""Characters of a server's text that a sentence keeps."""

_PAGE = re.compile(rb"^\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
SUCCESS = range(200, 300)
REDIRECT = range(300, 400)
CLIENT_ERROR = range(400, 500)


class UnreadableResponseError(ValueError):
    """The body is not the JSON object that BioT answers; the text says what it is, as part of a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpResponse:
    """A complete HTTP answer.

    Attributes:
        status: 200 to 599.
        headers: Names in lower case; of repeated ones the last.
        body: Decompressed.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)

    @property
    def succeeded(self) -> bool:
        """Whether the status is one of success."""
        return self.status in SUCCESS


@dataclass(frozen=True, kw_only=True, slots=True)
class BiotError:
    """BioT's ErrorResponse (specification 2.4.2): the sign that BioT itself answered, whole."""

    code: str
    message: str
    trace_id: str
    details: Mapping[str, object]

    @property
    def told(self) -> str:
        """The error as part of a sentence, fit for a terminal."""
        details = ", ".join(f"{key}: {_plain(value)}" for key, value in self.details.items())
        parts = [printable(self.code, SHOWN)]
        if self.message:
            parts.append(f": {printable(self.message.strip(), SHOWN)}")
        if details:
            parts.append(f" ({printable(details, SHOWN)})")
        if self.trace_id:
            parts.append(f", trace {printable(self.trace_id, 64)}")
        return "".join(parts)


def read_object(answer: HttpResponse) -> dict[str, object]:
    """The JSON object of an answer.

    Raises:
        UnreadableResponseError: It is an HTML page, not UTF-8, not JSON, or has a duplicate key or NaN.
    """
    if looks_like_page(answer):
        msg = "a page for browsers, as proxies and login portals send"
        raise UnreadableResponseError(msg)
    try:
        text = answer.body.decode("utf-8")
    except UnicodeDecodeError as error:
        msg = "not text in UTF-8"
        raise UnreadableResponseError(msg) from error
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnreadableResponseError:
        raise
    except (ValueError, RecursionError) as error:
        msg = "empty" if not text.strip() else "not JSON, or only the beginning of it"
        raise UnreadableResponseError(msg) from error
    if not isinstance(document, dict):
        msg = "JSON, but not an object"
        raise UnreadableResponseError(msg)
    return document


def looks_like_page(answer: HttpResponse) -> bool:
    """Whether this is HTML: BioT's API never answers so."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in {"text/html", "application/xhtml+xml"} or _PAGE.match(answer.body[:200]) is not None


def read_error(answer: HttpResponse) -> BiotError | None:
    """BioT's own error in an answer that is no success; None when somebody else answered, or only half arrived."""
    try:
        document = read_object(answer)
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


def is_garbled(answer: HttpResponse) -> bool:
    """Whether this was to be BioT's error and did not arrive as one: JSON by its type, and not what BioT sends."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" and read_error(answer) is None


def describe_response(answer: HttpResponse) -> str:
    """What came instead of what was asked for, as part of a sentence."""
    if error := read_error(answer):
        return f"HTTP {answer.status}, {error.told}"
    if answer.status in REDIRECT:
        where = printable(answer.headers.get("location", ""), 100)
        return f"HTTP {answer.status}, a redirect{f' to {where}' if where else ''}, which is not followed"
    if looks_like_page(answer):
        return f"HTTP {answer.status} with a page: a proxy or portal answered, not BioT's API"
    try:
        read_object(answer)
    except UnreadableResponseError as reason:
        return f"HTTP {answer.status}, and its body is {reason}"
    return f"HTTP {answer.status}, and its body is no error of BioT's API"


def server_time(answer: HttpResponse) -> float | None:
    """The answer's ``Date`` in seconds since 1970 (UTC); None when there is none that can be read."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def retry_after(answer: HttpResponse) -> float | None:
    """The seconds that ``Retry-After`` asks to wait, from now; None when it asks nothing that can be read."""
    text = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    now = server_time(answer)
    return None if now is None else max(0.0, moment - now)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        msg = "JSON in which a key stands twice"
        raise UnreadableResponseError(msg)
    return table


def _no_constant(name: str) -> object:
    msg = f"JSON with {name}, which JSON does not have"
    raise UnreadableResponseError(msg)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
