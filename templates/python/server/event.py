"""From an HTTP request to the event of a Lambda function URL, and from the plugin's answer to an HTTP response.

Lambda calls the form "payload format 2.0" (AWS Lambda Developer Guide, "Invoking Lambda function URLs"). Because the
event is the same, the plugin does not know where it runs. Nothing here reads or writes anything.
"""

import base64
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

Headers = list[tuple[str, str]]

TEXT_TYPES = frozenset({"application/json", "application/javascript", "application/xml"})
TEXT_SUFFIXES = ("+json", "+xml")
# HTTP itself decides about these; Lambda does not take them from the plugin either.
HTTP_HEADERS = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request.

    Attributes:
        method: In capitals.
        path: Without the query; percent-encoding is decoded.
        query: As it was sent, without the question mark.
        headers: Names in lower case. A name can occur several times.
        body: The bytes.
        protocol: Such as ``HTTP/1.1``.
        client: The address of the caller.
    """

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    protocol: str
    client: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An HTTP response. A header can occur several times (``set-cookie``)."""

    status: int
    headers: Headers
    body: bytes


def make_event(request: Request) -> dict[str, Any]:
    """Return the event that a function URL makes of this request.

    Lambda joins repeated headers and query parameters with commas, and gives cookies a list of their own. It passes the
    body as text if the content type says that it is text, and in base64 otherwise.
    """
    headers = joined([(name, value) for name, value in request.headers if name != "cookie"])
    cookies = [part for name, value in request.headers if name == "cookie" for part in value.split("; ") if part]
    parameters = joined(parse_qsl(request.query, keep_blank_values=True))
    domain = headers.get("host", "").partition(":")[0]
    identifier = domain.partition(".")[0]
    now = datetime.now(UTC)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": identifier,
            "domainName": domain,
            "domainPrefix": identifier,
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": request.protocol,
                "sourceIp": request.client,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if parameters:
        event["queryStringParameters"] = parameters
    if request.body:
        text = body_text(request.body, headers.get("content-type", ""))
        event["isBase64Encoded"] = text is None
        event["body"] = base64.b64encode(request.body).decode() if text is None else text
    return event


def joined(pairs: Headers) -> dict[str, str]:
    """Return the pairs as an object; the values of a repeated name are joined with commas."""
    result: dict[str, str] = {}
    for name, value in pairs:
        result[name] = f"{result[name]},{value}" if name in result else value
    return result


def body_text(body: bytes, content_type: str) -> str | None:
    """Return the body as text, or None when it is not text."""
    kind = content_type.partition(";")[0].strip().lower()
    if not (kind.startswith("text/") or kind in TEXT_TYPES or kind.endswith(TEXT_SUFFIXES)):
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def make_response(answer: dict[str, Any]) -> Response:
    """Return the HTTP response for an answer in Lambda's form.

    Raises:
        ValueError: The answer cannot be sent: its status is no HTTP status, or its base64 is not valid.
    """
    status = int(answer["statusCode"])
    if not 200 <= status <= 599:  # noqa: PLR2004 - the statuses of final HTTP responses
        raise ValueError(f"{status} is not the status of a response")
    given = answer.get("headers") or {}
    headers = [(str(name).lower(), one_line(value)) for name, value in given.items() if value is not None]
    headers = [(name, value) for name, value in headers if name not in HTTP_HEADERS]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/json"))
    headers += [("set-cookie", one_line(cookie)) for cookie in answer.get("cookies") or []]
    return Response(status=status, headers=headers, body=body_bytes(answer))


def body_bytes(answer: dict[str, Any]) -> bytes:
    """Return the bytes of an answer's body."""
    body = answer.get("body")
    if body is None:
        return b""
    if answer.get("isBase64Encoded"):
        return base64.b64decode(body, validate=True)
    return (body if isinstance(body, str) else json.dumps(body)).encode("utf-8", "replace")


def one_line(value: object) -> str:
    """Return the value of a header: one line of Latin-1. More would start a header of its own."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return " ".join(text.split("\n")).replace("\r", "").encode("latin-1", "replace").decode("latin-1")
