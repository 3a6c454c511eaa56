"""Is the JSON of ``config`` what the specification describes? Keys, types and bounds; the meaning is ``rules``'."""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from jsonschema_rs import Draft202012Validator

from sandbox.errors import bad_request
from sandbox.reading import read_json
from sandbox.settings.shapes import create_request, update_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.errors import ApiError
    from sandbox.settings.shapes import Schema

    Config = dict[str, object]

VALIDATION_FAILED = "PLUGIN_REQUEST_VALIDATION_FAILED"
_SHOWN = 20
_MASK = "the value"
"""Stands in messages for what was sent: it may be a secret in a wrong place."""


def read_creation(text: str) -> Config:
    """The request to create, without its nulls.

    Raises:
        ApiError: 400 (the specification has no code for it), everything that is wrong in one message.
    """
    return _checked(text, create_request, bad_request)


def read_update(text: str) -> Config:
    """The request to change some fields, without its nulls.

    Raises:
        ApiError: 400 ``PLUGIN_REQUEST_VALIDATION_FAILED``.
    """
    return _checked(text, update_request, refused_update)


def read_replacement(text: str) -> Config:
    """The request to change every field: a body as for creation, without its nulls.

    Raises:
        ApiError: 400 ``PLUGIN_REQUEST_VALIDATION_FAILED``.
    """
    return _checked(text, create_request, refused_update)


def refused_update(message: str) -> ApiError:
    """The 400 of an update whose fields cannot be taken."""
    return bad_request(message, VALIDATION_FAILED)


def _checked(text: str, shape: Callable[[], Schema], refuse: Callable[[str], ApiError]) -> Config:
    value = read_json(text, "config")
    faults = [
        f"{'.'.join(str(part) for part in error.instance_path) or 'config'}: {error.message}"
        for error in islice(_validator(shape).iter_errors(value), _SHOWN)
    ]
    if faults or not isinstance(value, dict):
        raise refuse("; ".join(faults))
    return _without_nulls(value)


@cache
def _validator(shape: Callable[[], Schema]) -> Draft202012Validator:
    return Draft202012Validator(shape(), mask=_MASK)


def _without_nulls(value: Mapping[str, object]) -> Config:
    return {key: _sent(item) for key, item in value.items() if item is not None}


def _sent(value: object) -> object:
    if isinstance(value, dict):
        return _without_nulls(value)
    return [_sent(item) for item in value] if isinstance(value, list) else value
