"""JSON from callers, read so that everything behind it can be stored and told again."""

from __future__ import annotations

import json
from typing import NoReturn

from sandbox.web.biot_errors import bad_request

_WHOLE_MAX = 1 << 53
"""Above this a number with a fraction no longer holds every whole number."""


def read_json(text: str, name: str) -> object:
    """The value of a JSON text.

    ``60.0`` is the whole number 60, as JSON Schema counts it. Not JSON, although Python's reader takes them: NaN and
    infinities, a key that stands twice in one object, and halves of surrogate pairs, which are no text.

    Args:
        text: What a caller sent.
        name: Of the field, for the message.

    Raises:
        ApiError: 400.
    """
    try:
        value: object = json.loads(text, parse_constant=_refuse, parse_float=_number, object_pairs_hook=_object)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:  # UnicodeEncodeError and JSONDecodeError are ValueErrors
        msg = f"{name} is not JSON."
        raise bad_request(msg) from error
    return value


def _refuse(constant: str) -> NoReturn:
    msg = f"{constant} is not JSON."
    raise ValueError(msg)


def _number(text: str) -> float | int:
    value = float(text)
    if abs(value) == float("inf"):
        _refuse(text)
    return int(value) if value.is_integer() and abs(value) <= _WHOLE_MAX else value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse("A key that stands twice")
    return found
