"""JSON bodies of requests, read and held against what a route takes."""

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
    """The JSON object that a request carries.

    Raises:
        ApiError: 400, the body is no JSON object.
    """
    body = read_json((await request.body()).decode("utf-8", "surrogateescape"), "The body")
    if not isinstance(body, dict):
        message = "The body is not a JSON object."
        raise bad_request(message)
    return body


def text_of(body: Mapping[str, object], key: str) -> str:
    """A text that must be there and not empty.

    Raises:
        ApiError: 400, it is missing, empty or no text.
    """
    value = optional_text_of(body, key)
    if not value:
        msg = f"{key} is missing."
        raise bad_request(msg)
    return value


def optional_text_of(body: Mapping[str, object], key: str) -> str:
    """A text that may be missing or null, which both are the empty text.

    Raises:
        ApiError: 400, it is no text, or one with a null character.
    """
    value = body.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or "\0" in value:
        msg = f"{key} is not a text."
        raise bad_request(msg)
    return value


def optional_flag_of(body: Mapping[str, object], key: str) -> bool | None:
    """True, false, or None when it is missing or null.

    Raises:
        ApiError: 400, it is neither.
    """
    value = body.get(key)
    if not isinstance(value, bool | None):
        msg = f"{key} is true or false."
        raise bad_request(msg)
    return value


def uuid_text(text: str, name: str) -> str:
    """A text that must be a UUID; in small letters.

    Raises:
        ApiError: 400, it is none.
    """
    if not _UUID.fullmatch(text):
        msg = f"{name} is not a UUID."
        raise bad_request(msg)
    return text.lower()
