"""Strict reading of JSON from callers: every accepted value can be stored and sent again."""

from __future__ import annotations

import json
from typing import NoReturn

from sandbox.web.biot_errors import bad_request

_EXACT_INTEGER_MAX = 1 << 53
"""Above this, a floating-point number can no longer represent every whole number."""


def read_json(text: str, name: str) -> object:
    """Parse a JSON text.

    ``60.0`` is the whole number 60, as in JSON Schema. Refused although Python's parser accepts them: NaN and infinity,
    a duplicate key in an object, and lone surrogates, which are not text.

    Args:
        text: The text from the caller.
        name: The name of the field, for the message.

    Raises:
        ApiError: 400.
    """
    try:
        value: object = json.loads(text, parse_constant=_refuse, parse_float=_number, object_pairs_hook=_object)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:  # UnicodeEncodeError and JSONDecodeError are ValueErrors
        msg = f"{name} is not valid JSON."
        raise bad_request(msg) from error
    return value


def _refuse(constant: str) -> NoReturn:
    msg = f"{constant} is not valid JSON."
    raise ValueError(msg)


def _number(text: str) -> float | int:
    value = float(text)
    if abs(value) == float("inf"):
        _refuse(text)
    return int(value) if value.is_integer() and abs(value) <= _EXACT_INTEGER_MAX else value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        _refuse("A duplicate key")
    return result
