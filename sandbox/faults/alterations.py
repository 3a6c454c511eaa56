"""Responses with altered content, as after a faulty proxy, a bug or a change in a later release. Pure functions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sandbox.clock import iso
from sandbox.faults.socket_steps import HTML, CompleteResponse, Headers, encode_response, http_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.faults.socket_steps import FaultContext, ResponseScript, Step

DEEP = 100_000
EXPIRATIONS = frozenset({"accessTokenExpiration", "expiration", "mfaExpiration"})


def truncated(response: CompleteResponse) -> CompleteResponse:
    """Half of the JSON, with the length of the half."""
    return replace(response, body=response.body[: len(response.body) // 2])


def emptied(response: CompleteResponse) -> CompleteResponse:
    """The same status without a body."""
    return replace(response, body=b"")


def utf16(response: CompleteResponse) -> CompleteResponse:
    """The same text in another encoding, without a header that says so."""
    return replace(response, body=response.body.decode("utf-8", "replace").encode("utf-16"))


def invalid_utf8(response: CompleteResponse) -> CompleteResponse:
    """A byte that is not valid in UTF-8, inside the first text."""
    return replace(response, body=response.body.replace(b'"', b'"\xff', 1))


def duplicate_keys(response: CompleteResponse) -> CompleteResponse:
    """Every key twice, first with another value: parsers disagree about which one counts."""

    def twice(value: object) -> str:
        if not isinstance(value, dict):
            return json.dumps(value)
        members = (f"{json.dumps(key)}: 1, {json.dumps(key)}: {twice(item)}" for key, item in value.items())
        return "{" + ", ".join(members) + "}"

    return _rewritten(response, twice)


def not_a_number(response: CompleteResponse) -> CompleteResponse:
    """``NaN``, which is not valid JSON, in place of a value."""
    return _rewritten(response, lambda document: json.dumps({**_table(document), "version": float("nan")}))


def deep(response: CompleteResponse) -> CompleteResponse:
    """Deeply nested brackets, which crash a recursive parser."""
    return replace(response, body=b"[" * DEEP + b"]" * DEEP)


def wrong_types(response: CompleteResponse) -> CompleteResponse:
    """Numbers as objects, texts as numbers, and objects as lists."""

    def with_wrong_type(value: object) -> object:
        if isinstance(value, bool):
            return str(value)
        if isinstance(value, int):
            return {"value": value}
        return len(value) if isinstance(value, str) else [value]

    return _rewritten(
        response, lambda document: json.dumps({key: with_wrong_type(item) for key, item in _table(document).items()})
    )


def wrong_shape(response: CompleteResponse) -> CompleteResponse:
    """A list in place of an object."""
    return _rewritten(response, lambda document: json.dumps([document]))


def nothing_inside(response: CompleteResponse) -> CompleteResponse:
    """An object without any of the documented keys."""
    return replace(response, body=b"{}")


def unknown_fields(response: CompleteResponse) -> CompleteResponse:
    """New keys at every level, as a later release may add them."""

    def with_new_keys(value: object) -> object:
        if isinstance(value, list):
            return [with_new_keys(item) for item in value]
        if isinstance(value, dict):
            items = {key: item if key == "environmentVariables" else with_new_keys(item) for key, item in value.items()}
            return {"aaaSinceNextRelease": {"is": [1, None]}, **items, "zzz": 10**30}
        return value

    return _rewritten(response, lambda document: json.dumps(with_new_keys(document)))


def another_plugin(response: CompleteResponse) -> CompleteResponse:
    """The response to another request, as from a cache that confuses them."""
    return _rewritten(response, lambda document: json.dumps({**_table(document), "name": "Plugin-somebody-elses"}))


def as_html(response: CompleteResponse) -> CompleteResponse:
    """JSON with the content type of HTML."""
    return replace(response, headers=(*(pair for pair in response.headers if pair[0] != b"content-type"), *HTML))


def as_200(response: CompleteResponse) -> CompleteResponse:
    """Another success status: 200 instead of 201 and 204, 202 instead of 200."""
    return replace(response, status=202 if response.status == 200 else 200)  # noqa: PLR2004 - the plain statuses


def skewed(days: int) -> ResponseScript:
    """The response of a server whose clock is wrong: the Date header and the expirations of tokens are shifted."""

    def script(context: FaultContext) -> Iterator[Step]:
        shift = timedelta(days=days)
        dated: Headers = (*context.response.headers, (b"date", http_date(context.now + shift)))
        response = replace(context.response, headers=dated)
        moved: Callable[[object], str] = lambda document: json.dumps(_moved(document, shift))  # noqa: E731
        yield encode_response(_rewritten(response, moved), now=context.now)

    return script


def _moved(value: object, shift: timedelta) -> object:
    if isinstance(value, dict):
        return {
            key: iso(datetime.fromisoformat(item) + shift)
            if key in EXPIRATIONS and isinstance(item, str)
            else _moved(item, shift)
            for key, item in value.items()
        }
    return value


def _rewritten(response: CompleteResponse, write: Callable[[object], str]) -> CompleteResponse:
    """The response with its JSON rewritten by ``write``; a response without JSON is unchanged."""
    try:
        document: object = json.loads(response.body)
    except ValueError:
        return response
    return replace(response, body=write(document).encode())


def _table(document: object) -> dict[str, object]:
    return document if isinstance(document, dict) else {"data": document}
