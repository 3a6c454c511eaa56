"""From an HTTP request to the event of a function URL, in payload format 2.0."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_TEXT_TYPES = frozenset({"application/json", "application/javascript", "application/xml"})


@dataclass(frozen=True, kw_only=True, slots=True)
class UrlRequest:
    """An HTTP request to a function's URL.

    Attributes:
        method: In capitals.
        path: Decoded path below the URL; begins with a slash.
        query: The raw query without a question mark.
        headers: Names in lower case, with values; a name may appear several times.
        body: Its bytes.
        source_ip: The client's address.
        domain: The host name in the URL.
        request_id: A new id.
        time: When the request arrived, in UTC.
    """

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source_ip: str
    domain: str
    request_id: str
    time: datetime


def event_of(request: UrlRequest) -> bytes:
    """Return the event as JSON.

    Values of a header or query parameter that appears several times are joined with commas, and cookies are a list of
    their own. A body is text if its content type says so and it is UTF-8; otherwise it is encoded as base64.
    """
    headers = _joined((name, value) for name, value in request.headers if name != "cookie")
    cookies = [part for name, value in request.headers if name == "cookie" for part in value.split("; ") if part]
    query = _joined(parse_qsl(request.query, keep_blank_values=True))
    text = _text_of(request.body, headers.get("content-type", ""))
    identifier = request.domain.partition(".")[0]
    event: dict[str, object] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        **({"cookies": cookies} if cookies else {}),
        "headers": headers,
        **({"queryStringParameters": query} if query else {}),
        "requestContext": {
            "accountId": "anonymous",
            "apiId": identifier,
            "domainName": request.domain,
            "domainPrefix": identifier,
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request.request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": f"{request.time:%d/%b/%Y:%H:%M:%S +0000}",
            "timeEpoch": int(request.time.timestamp() * 1000),
        },
    }
    if request.body:
        event["body"] = base64.b64encode(request.body).decode() if text is None else text
    event["isBase64Encoded"] = bool(request.body) and text is None
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _text_of(body: bytes, content_type: str) -> str | None:
    kind = content_type.partition(";")[0].strip().lower()
    if not (kind.startswith("text/") or kind in _TEXT_TYPES or kind.endswith(("+json", "+xml"))):
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None
