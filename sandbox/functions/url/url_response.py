"""From the answer of a handler to the HTTP response of its URL."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.functions.invocation import Invocation

_JSON = ("content-type", "application/json")
_LOWEST_STATUS, _HIGHEST_STATUS = 100, 599
_OWN_HEADERS = frozenset({"content-length", "connection", "transfer-encoding", "x-amzn-requestid", "x-amzn-trace-id"})
"""Headers that Lambda sets itself."""
_STREAM_SEPARATOR = b"\0" * 8


@dataclass(frozen=True, kw_only=True, slots=True)
class UrlResponse:
    """An HTTP response; a header may appear several times."""

    status: int
    headers: tuple[tuple[str, str], ...] = (_JSON,)
    body: bytes = b""


BAD_GATEWAY = UrlResponse(status=502, body=b"Internal Server Error")
"""The handler failed, or its answer is not a response. Only the log shows the reason."""
TOO_MANY_REQUESTS = UrlResponse(
    status=429,
    body=b'{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}',
)
TOO_LARGE = UrlResponse(status=413, body=b'{"Message":"Request body is too large"}')


class _NotAResponseError(Exception):
    """The answer has a ``statusCode`` and something that a response cannot have."""


def response_of(invocation: Invocation) -> UrlResponse:
    """Return the response for the result of a call.

    An answer with ``statusCode`` is a response. Every other answer becomes the body of a 200 as JSON. A ``body`` that
    is not a text is sent as JSON: AWS documents only texts, but BioT's own samples return objects.
    """
    if invocation.error is not None:
        return BAD_GATEWAY
    # awslambda.HttpResponseStream: the metadata, a separator, and the body.
    metadata, separator, content = invocation.payload.partition(_STREAM_SEPARATOR)
    try:
        answer = json.loads(metadata)
        if isinstance(answer, dict) and (separator or "statusCode" in answer):
            return _response(answer, content if separator else _body_of(answer))
    except _NotAResponseError:
        return BAD_GATEWAY
    except ValueError:
        return UrlResponse(status=200, headers=(("content-type", "application/octet-stream"),), body=invocation.payload)
    return UrlResponse(status=200, body=invocation.payload)


def _response(answer: Mapping[str, object], body: bytes) -> UrlResponse:
    status = answer.get("statusCode", 200)
    if isinstance(status, str) and status.isdigit():
        status = int(status)
    if not isinstance(status, int) or not _LOWEST_STATUS <= status <= _HIGHEST_STATUS:
        raise _NotAResponseError
    headers = tuple(_headers_of(answer))
    if not any(name == "content-type" for name, _ in headers):
        headers = (_JSON, *headers)
    return UrlResponse(status=status, headers=headers, body=body)


def _body_of(answer: Mapping[str, object]) -> bytes:
    body = answer.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    if not answer.get("isBase64Encoded"):
        return body.encode("utf-8", "replace")
    try:
        return base64.b64decode(body)
    except (binascii.Error, ValueError) as error:
        raise _NotAResponseError from error


def _headers_of(answer: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    headers = answer.get("headers")
    for name, value in headers.items() if isinstance(headers, dict) else ():
        lower = str(name).lower()
        if lower not in _OWN_HEADERS and value is not None:
            yield lower, _one_line(str(value).lower() if isinstance(value, bool) else str(value))
    cookies = answer.get("cookies")
    for cookie in cookies if isinstance(cookies, list) else ():
        yield "set-cookie", _one_line(str(cookie))


def _one_line(text: str) -> str:
    """Return a value that can be sent: HTTP headers have one line of Latin-1."""
    return " ".join(text.split("\n")).replace("\r", "").encode("latin-1", "replace").decode("latin-1")
