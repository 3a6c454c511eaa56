"""The attributes of a request body, checked against their description."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Literal
from zoneinfo import available_timezones

from sandbox.clock import iso
from sandbox.web.biot_errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Kind = Literal[
    "text",
    "choice",
    "choices",
    "flag",
    "whole",
    "decimal",
    "moment",
    "date",
    "locale",
    "timezone",
    "object",
    "reference",
    "any",
]
CUSTOM_NAME = re.compile(r"[a-zA-Z]\w{0,35}", re.ASCII)
"""The name of a custom attribute, as in BioT's templates; the names of built-in attributes start with an underscore."""

LOCALE_PATTERN = "[a-z]{2,3}-[a-z]{2}"
"""The format of a locale: language and country in lower case."""
_TYPES: Mapping[Kind, tuple[type | tuple[type, ...], str]] = {
    "flag": (bool, "BOOLEAN"),
    "whole": (int, "INTEGER"),
    "decimal": ((int, float), "DECIMAL"),
    "choices": (list, "MULTI_SELECT"),
    "object": (dict, "OBJECT"),
    "reference": (dict, "REFERENCE"),
    "any": (dict, "OBJECT"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """A built-in attribute.

    Attributes:
        name: Its key.
        kind: The type of its value. An ``any`` is an object of custom attributes; ``choices`` is a list.
        required: Whether it must be present on creation; in an object, whenever the object is sent.
        least: The shortest text or smallest number.
        most: The longest text or largest number.
        choices: The allowed values of a ``choice``.
        pattern: A regular expression for the whole text.
        parts: The attributes of an ``object``.
        refers_to: The entity type of a ``reference``.
        absent_code: The error code when a required value is missing or null.
        absent_on_update: The same in an update, where it is another one.
        on_update: Whether an update may contain it.
    """

    name: str
    kind: Kind = "text"
    required: bool = False
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""
    parts: tuple[Attribute, ...] = ()
    refers_to: str = ""
    absent_code: str = "ATTRIBUTE_IS_MANDATORY"
    absent_on_update: str = ""
    on_update: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class _Body:
    template_id: str
    creates: bool


def read_attributes(
    attributes: tuple[Attribute, ...], body: Mapping[str, object], template_id: str, *, creates: bool
) -> dict[str, object]:
    """Return the values that a body sets; null removes an attribute.

    Args:
        attributes: The built-in attributes of the entity type.
        body: The request body without ``_templateId``.
        template_id: The entity's template, for the error.
        creates: Whether the body creates an entity, so that required attributes must be present.

    Raises:
        ApiError: 400, the body has an unknown built-in attribute, a required one is missing, or a value is wrong.
    """
    known = {one.name: one for one in attributes if creates or one.on_update}
    kind = _Body(template_id=template_id, creates=creates)
    for name in body:
        if name not in known and not CUSTOM_NAME.fullmatch(name):
            raise not_valid_for_template(name, template_id)
    for one in known.values():
        if creates or one.name in body:
            _require(one, one.name, body, kind)
    return {
        name: value if value is None or name not in known else _checked(known[name], name, value, kind)
        for name, value in body.items()
    }


def not_valid_for_template(name: str, template_id: str) -> ApiError:
    """Return the error for an attribute that the template does not have."""
    message = f"The template has no attribute {name[:100]}."
    details = {"attributeName": name[:100], "templateId": template_id}
    return bad_request(message, "ATTRIBUTE_NOT_VALID_FOR_TEMPLATE", details)


def _require(one: Attribute, path: str, values: Mapping[str, object], body: _Body) -> None:
    if not one.required or values.get(one.name) is not None:
        return
    code = one.absent_code if body.creates else one.absent_on_update or one.absent_code
    details = {"attributeName": path} if code == "ATTRIBUTE_IS_MANDATORY" else {}
    msg = f"{path} is mandatory."
    raise bad_request(msg, code, details)


def _checked(one: Attribute, path: str, value: object, body: _Body) -> object:
    kind, name = _TYPES.get(one.kind, (str, "TEXT"))
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        message = f"{path} must be of the type {name}."
        details = {"attributeName": path, "value": value, "type": name}
        raise bad_request(message, "ATTRIBUTE_VALUE_TYPE_MISMATCH", details)
    if isinstance(value, dict):
        return value if one.kind == "any" else _object(one, path, value, body)
    if isinstance(value, list):
        return _choices(one, path, value)
    if isinstance(value, str) and one.kind in _TEXT_CHECKS:
        value = _TEXT_CHECKS[one.kind](one, path, value)
    _check_size(one, path, value)
    return value


def _object(one: Attribute, path: str, value: dict[str, object], body: _Body) -> object:
    parts = {part.name: part for part in one.parts}
    if unknown := next((name for name in value if name not in parts), None):
        name = f"{path}.{unknown}"
        raise not_valid_for_template(name, body.template_id)
    for part in one.parts:
        _require(part, f"{path}.{part.name}", value, body)
    sent = {name: each for name, each in value.items() if each is not None}
    return {name: _checked(parts[name], f"{path}.{name}", each, body) for name, each in sent.items()}


def _check_size(one: Attribute, path: str, value: object) -> None:
    size = len(value) if isinstance(value, str) else value
    if not isinstance(size, int | float) or isinstance(size, bool):
        return
    unit = "characters" if isinstance(value, str) else "as its value"
    if one.most is not None and size > one.most:
        details = {"attributeName": path, "maxValue": one.most}
        msg = f"{path} can have at most {one.most} {unit}."
        raise bad_request(msg, "VALIDATION_MAX_ALLOWED_VALUE", details)
    if one.least is not None and size < one.least:
        details = {"attributeName": path, "minimum": one.least}
        msg = f"{path} must have at least {one.least} {unit}."
        raise bad_request(msg, "VALIDATION_MINIMUM_ALLOWED_VALUE", details)


def _check_pattern(one: Attribute, path: str, value: str) -> str:
    if one.pattern and not re.fullmatch(one.pattern, value):
        details = {"attributeName": path, "value": value, "regex": one.pattern}
        msg = f"{path} does not have the right format."
        raise bad_request(msg, "ATTRIBUTE_REGEX_VALIDATION_FAILED", details)
    return value


def _check_choice(one: Attribute, path: str, value: str) -> str:
    if value not in one.choices:
        details = {"value": value, "allowedValues": list(one.choices), "attributeName": path}
        msg = f"{path} must be one of {', '.join(one.choices)}."
        raise bad_request(msg, "SELECT_ATTRIBUTE_INVALID_VALUE", details)
    return value


def _choices(one: Attribute, path: str, value: list[object]) -> object:
    for item in value:
        _check_choice(one, path, str(item))
    if len({str(item) for item in value}) < len(value):
        message = f"{path} has a value twice."
        raise bad_request(message, "SELECT_ATTRIBUTE_DUPLICATED_VALUES", {"attributeName": path})
    return value


def _check_moment(_one: Attribute, path: str, value: str) -> str:
    """Return the time as it is stored, so that times can be compared."""
    try:
        if (moment := datetime.fromisoformat(value)).tzinfo:
            return iso(moment)
    except (ValueError, OverflowError):
        pass
    raise _conversion_failed(path, "It must be a time in ISO 8601 with a time zone, such as 2026-01-31T00:00:00Z.")


def _check_date(_one: Attribute, path: str, value: str) -> str:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise _conversion_failed(path, "It must be a date in ISO 8601, such as 2026-01-31.")


def _conversion_failed(path: str, message: str) -> ApiError:
    details = {"attributeName": path, "message": message}
    return bad_request(f"{path} cannot be read. {message}", "ATTRIBUTE_VALUE_CONVERSION_FAILED", details)


def _check_locale(_one: Attribute, path: str, value: str) -> str:
    if not re.fullmatch(LOCALE_PATTERN, value):
        message = f"{path} must be a language and a country in lower case, such as en-us."
        raise bad_request(message, "VALIDATION_LOCALE_NOT_VALID", {"value": value})
    return value


def _check_timezone(_one: Attribute, path: str, value: str) -> str:
    zones = _timezones()  # empty on a Windows without the package tzdata
    if value not in zones and (zones or not value):
        message = f"{path} must be a time zone, such as Europe/Berlin."
        raise bad_request(message, "VALIDATION_TIMEZONE_NOT_VALID", {"value": value})
    return value


@cache
def _timezones() -> set[str]:
    return available_timezones()


_TEXT_CHECKS: Mapping[Kind, Callable[[Attribute, str, str], str]] = {
    "text": _check_pattern,
    "choice": _check_choice,
    "moment": _check_moment,
    "date": _check_date,
    "locale": _check_locale,
    "timezone": _check_timezone,
}
