"""The response to a call that succeeded."""

import json
from typing import Any

from plugin.check_request_type import RequestType


def response(request_type: RequestType, data: object, answer: object, traceparent: str) -> dict[str, Any]:
    """Return the answer in the form that BioT (or the caller of a direct call) expects.

    Args:
        request_type: The kind of call.
        data: What ``perform`` was given.
        answer: What ``perform`` returned; None means "leave it as it was".
        traceparent: Sent back with every response.

    Raises:
        TypeError: ``perform`` returned what this hook cannot send.
    """
    if request_type.hook == "notification":
        # BioT does not read the answer to a notification.
        return http_response(200, traceparent)
    if request_type.hook == "nonspecific":
        return direct_response(answer, traceparent)
    changed = data if answer is None else answer
    if not isinstance(changed, dict):
        raise TypeError(f"perform of {request_type.hook} must return an object or None, not {type(changed).__name__}")
    key = "request" if request_type.hook == "interceptor_pre" else "response"
    return http_response(200, traceparent, {key: changed})


def direct_response(answer: object, traceparent: str) -> dict[str, Any]:
    """Return the answer to a direct call or a cron event.

    A mapping with an integer ``statusCode`` is already an answer in Lambda's own form. Anything else is the JSON body.
    """
    if answer is None:
        return http_response(200, traceparent)
    if not isinstance(answer, dict) or type(answer.get("statusCode")) is not int:
        return http_response(200, traceparent, answer)
    body = answer.get("body")
    as_text = {} if body is None or isinstance(body, str) else {"body": to_json(body)}
    complete = {**answer, **as_text, "headers": {**(answer.get("headers") or {}), "traceparent": traceparent}}
    to_json(complete)  # fails here, as an error of perform, and not later in Lambda
    return complete


def http_response(status: int, traceparent: str, body: object = None) -> dict[str, Any]:
    """Return an answer in Lambda's form, with the body as JSON text."""
    if body is None:
        return {"statusCode": status, "headers": {"traceparent": traceparent}}
    headers = {"content-type": "application/json", "traceparent": traceparent}
    return {"statusCode": status, "headers": headers, "body": to_json(body)}


def to_json(value: object) -> str:
    """Return JSON text. NaN and Infinity are refused: they are not JSON, and BioT could not read the response."""
    return json.dumps(value, allow_nan=False)
