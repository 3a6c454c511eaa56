"""Real answers with other content: what a proxy, a bug or another release makes of them. Pure functions."""

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


def truncated(answered: CompleteResponse) -> CompleteResponse:
    """Half of the JSON, with the length of the half."""
    return replace(answered, body=answered.body[: len(answered.body) // 2])


def emptied(answered: CompleteResponse) -> CompleteResponse:
    """The status without a body."""
    return replace(answered, body=b"")


def utf16(answered: CompleteResponse) -> CompleteResponse:
    """The same text in another encoding, and nothing that says so."""
    return replace(answered, body=answered.body.decode("utf-8", "replace").encode("utf-16"))


def invalid_utf8(answered: CompleteResponse) -> CompleteResponse:
    """One byte inside the first text that no UTF-8 has."""
    return replace(answered, body=answered.body.replace(b'"', b'"\xff', 1))


def duplicate_keys(answered: CompleteResponse) -> CompleteResponse:
    """Every member twice, first with another value: parsers disagree about which one counts."""

    def twice(value: object) -> str:
        if not isinstance(value, dict):
            return json.dumps(value)
        members = (f"{json.dumps(key)}: 1, {json.dumps(key)}: {twice(item)}" for key, item in value.items())
        return "{" + ", ".join(members) + "}"

    return _rewritten(answered, twice)


def not_a_number(answered: CompleteResponse) -> CompleteResponse:
    """``NaN`` where a value was, which is not JSON."""
    return _rewritten(answered, lambda document: json.dumps({**_table(document), "version": float("nan")}))


def deep(answered: CompleteResponse) -> CompleteResponse:
    """Brackets without end: a parser that recurses falls over."""
    return replace(answered, body=b"[" * DEEP + b"]" * DEEP)


def wrong_types(answered: CompleteResponse) -> CompleteResponse:
    """Numbers as text, text as numbers, tables as lists."""

    def other(value: object) -> object:
        if isinstance(value, bool):
            return str(value)
        if isinstance(value, int):
            return {"value": value}
        return len(value) if isinstance(value, str) else [value]

    return _rewritten(
        answered, lambda document: json.dumps({key: other(item) for key, item in _table(document).items()})
    )


def wrong_shape(answered: CompleteResponse) -> CompleteResponse:
    """A list where an object should be."""
    return _rewritten(answered, lambda document: json.dumps([document]))


def nothing_inside(answered: CompleteResponse) -> CompleteResponse:
    """An object without one of the promised members."""
    return replace(answered, body=b"{}")


def unknown_fields(answered: CompleteResponse) -> CompleteResponse:
    """Members that a later release may add, at every level."""

    def more(value: object) -> object:
        if isinstance(value, list):
            return [more(item) for item in value]
        if isinstance(value, dict):
            inside = {key: item if key == "environmentVariables" else more(item) for key, item in value.items()}
            return {"aaaSinceNextRelease": {"is": [1, None]}, **inside, "zzz": 10**30}
        return value

    return _rewritten(answered, lambda document: json.dumps(more(document)))


def another_plugin(answered: CompleteResponse) -> CompleteResponse:
    """The answer to somebody else's question: a cache that mixes requests up."""
    return _rewritten(answered, lambda document: json.dumps({**_table(document), "name": "Plugin-somebody-elses"}))


def as_html(answered: CompleteResponse) -> CompleteResponse:
    """JSON that calls itself HTML."""
    return replace(answered, headers=(*(pair for pair in answered.headers if pair[0] != b"content-type"), *HTML))


def as_200(answered: CompleteResponse) -> CompleteResponse:
    """Success under another number: 200 for 201 and 204, 202 for 200."""
    return replace(answered, status=202 if answered.status == 200 else 200)  # noqa: PLR2004 - the plain statuses


def skewed(days: int) -> ResponseScript:
    """As a server answers whose clock is wrong: the Date header and the expirations of tokens."""

    def answer(seen: FaultContext) -> Iterator[Step]:
        shift = timedelta(days=days)
        dated: Headers = (*seen.answered.headers, (b"date", http_date(seen.now + shift)))
        answered = replace(seen.answered, headers=dated)
        moved: Callable[[object], str] = lambda document: json.dumps(_moved(document, shift))  # noqa: E731
        yield encode_response(_rewritten(answered, moved), now=seen.now)

    return answer


def _moved(value: object, shift: timedelta) -> object:
    if isinstance(value, dict):
        return {
            key: iso(datetime.fromisoformat(item) + shift)
            if key in EXPIRATIONS and isinstance(item, str)
            else _moved(item, shift)
            for key, item in value.items()
        }
    return value


def _rewritten(answered: CompleteResponse, write: Callable[[object], str]) -> CompleteResponse:
    """The answer with its JSON written by ``write``; one without JSON stays as it is."""
    try:
        document: object = json.loads(answered.body)
    except ValueError:
        return answered
    return replace(answered, body=write(document).encode())


def _table(document: object) -> dict[str, object]:
    return document if isinstance(document, dict) else {"data": document}
