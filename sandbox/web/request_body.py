"""Read the JSON body of a request and check its fields."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox.web.biot_errors import bad_request
from sandbox.web.json_text import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request


_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


async def json_body(request: Request) -> Mapping[str, object]:
    """Return the JSON object in the body of a request.

    Raises:
        ApiError: 400, the body is not a JSON object.
    """
    body = read_json((await request.body()).decode("utf-8", "surrogateescape"), "The body")
    if not isinstance(body, dict):
        message = "The body is not a JSON object."
        raise bad_request(message)
    return body


def text_of(body: Mapping[str, object], key: str) -> str:
    """Return a text that must not be missing or empty.

    Raises:
        ApiError: 400, it is missing, empty or not a text.
    """
    value = optional_text_of(body, key)
    if not value:
        msg = f"{key} is missing."
        raise bad_request(msg)
    return value


def optional_text_of(body: Mapping[str, object], key: str) -> str:
    """Return a text; the empty text when it is missing or null.

    Raises:
        ApiError: 400, it is not a text, or it contains a null character.
    """
    value = body.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or "\0" in value:
        msg = f"{key} must be a text without null characters."
        raise bad_request(msg)
    return value


def optional_flag_of(body: Mapping[str, object], key: str) -> bool | None:
    """Return true or false; None when it is missing or null.

    Raises:
        ApiError: 400, it is something else.
    """
    value = body.get(key)
    if not isinstance(value, bool | None):
        msg = f"{key} must be true or false."
        raise bad_request(msg)
    return value


def uuid_text(text: str, name: str) -> str:
    """Return a UUID in lower case.

    Raises:
        ApiError: 400, the text is not a UUID.
    """
    if not _UUID.fullmatch(text):
        msg = f"{name} must be a UUID."
        raise bad_request(msg)
    return text.lower()
