"""Extract the data that the hook works on. The event itself is not changed."""

import base64
import json
from dataclasses import dataclass
from typing import Any, Never

from plugin.check_request_type import RequestType
from plugin.errors import PluginError
from plugin.headers import get_headers

# The key of the body under which BioT sends the data of the hook.
DATA_KEY = {
    "notification": "data",
    "interceptor_pre": "request",
    "interceptor_post": "response",
    "interceptor_post_entity": "response",
}
# Headers of a direct call that contain credentials are not passed to perform.
CREDENTIAL_HEADERS = frozenset({"authorization", "cookie"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedData:
    """The content of an event: the data, its metadata, and the token, which is not checked yet."""

    data: Any
    metadata: dict[str, Any]
    token: str | None


def extract_data_from_event(event: dict[str, Any], request_type: RequestType) -> ExtractedData:
    """Extract data, metadata and token.

    Raises:
        PluginError: 400, when the body, or a part of it that this hook needs, is missing or malformed.
    """
    if request_type.trigger == "cron":
        return ExtractedData(data=event, metadata={}, token=None)
    body = read_body(event)
    if request_type.trigger == "http":
        return ExtractedData(data=body, metadata=http_metadata(event), token=bearer_token(event))
    if body is None:
        raise PluginError(400, "NO_BODY", "The request has no body.")
    if not isinstance(body, dict):
        raise PluginError(400, "INVALID_JSON", "The body must be a JSON object.")
    if request_type.hook == "notification":
        return notification_data(body)
    return interceptor_data(body, DATA_KEY[request_type.hook], bearer_token(event))


def notification_data(body: dict[str, Any]) -> ExtractedData:
    """Return the parts of a notification. Its token is in the body, not in a header."""
    metadata = body.get("metadata")
    if not isinstance(metadata, dict):
        raise PluginError(400, "NO_METADATA", "The body of a notification must have an object 'metadata'.")
    token = body.get("jwt")
    return ExtractedData(
        data=required_object(body, "data"),
        metadata=metadata,
        token=token if isinstance(token, str) else None,
    )


def interceptor_data(body: dict[str, Any], key: str, token: str | None) -> ExtractedData:
    """Return the intercepted request or response; the other keys of the body are its metadata."""
    metadata = {name: value for name, value in body.items() if name != key}
    return ExtractedData(data=required_object(body, key), metadata=metadata, token=token)


def required_object(body: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the object under this key of the body."""
    value = body.get(key)
    if not isinstance(value, dict):
        raise PluginError(400, "NO_DATA", f"The body must have an object '{key}'.")
    return value


def http_metadata(event: dict[str, Any]) -> dict[str, Any]:
    """Return method, path, query parameters and headers of a direct call, without credentials."""
    request_context = event.get("requestContext")
    http = request_context.get("http") if isinstance(request_context, dict) else None
    headers = get_headers(event)
    return {
        "method": http.get("method") if isinstance(http, dict) else None,
        "path": event.get("rawPath"),
        "queryParameters": event.get("queryStringParameters") or {},
        "headers": {name: value for name, value in headers.items() if name not in CREDENTIAL_HEADERS},
    }


def bearer_token(event: dict[str, Any]) -> str | None:
    """Return the token of the header ``authorization: Bearer <token>``; the word Bearer may have any case."""
    scheme, _, token = get_headers(event).get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def read_body(event: dict[str, Any]) -> object:
    """Return the parsed JSON body, or None when there is none.

    Lambda passes the body as text, or in base64 when its content type is binary.

    Raises:
        PluginError: 400 INVALID_JSON.
    """
    body = event.get("body")
    if body is None or body == "":
        return None
    try:
        if not isinstance(body, str):
            refuse("a body that is not text")
        if event.get("isBase64Encoded") is True:
            body = base64.b64decode(body, validate=True).decode("utf-8")
        parsed: object = json.loads(body, parse_constant=refuse)
    except (ValueError, RecursionError):
        # "from None": the original error would put the text of the body into the log.
        raise PluginError(400, "INVALID_JSON", "The body is not valid JSON.") from None
    return parsed


def refuse(what: str) -> Never:
    """Refuse what Python would accept but JSON does not have: NaN, Infinity and -Infinity."""
    raise ValueError(what)
