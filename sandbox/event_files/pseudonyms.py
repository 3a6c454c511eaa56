"""Replace the values of recorded calls by stable pseudonyms, so that no patient and no secret gets into a file.

An allow-list stays: names that BioT defines, and attributes whose values BioT lists (states, severities, locales).
Everything else is replaced, also numbers and flags, which can be findings. Within one file the same value gets the same
pseudonym, and its form stays: an id, an email address, a time, a number.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from builder.platform.api_catalog import ACTIONS, API_METHODS, ENTITY_TYPES
from sandbox.entities.types.entity_types import ENTITY_TYPES as TYPES
from sandbox.hooks.rules.called_api import find_called_api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE = re.compile(r"\+\d{6,15}")
_TOKEN = "<token>"  # noqa: S105 - the place of a token
_TEMPLATE_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,63}")
_KEPT_PATH_VALUES = frozenset({"templateName", "usageType", "state"})
_KEPT_HEADERS = frozenset({"accept-language", "content-type"})
_DROPPED_HEADERS = frozenset({"authorization", "cookie", "content-length", "connection", "transfer-encoding"})
_KEPT_NUMBERS = frozenset({"statusCode", "limit", "page"})
_PERSONAL_CHOICES = frozenset({"_gender", "_degree"})
"""Attributes whose values BioT lists, and which nevertheless describe a person."""
_FIXED: Mapping[str, frozenset[str]] = {
    "entityTypeName": frozenset(ENTITY_TYPES),
    "entityName": frozenset(ENTITY_TYPES),
    "actionName": frozenset(ACTIONS),
    "method": frozenset(API_METHODS),
    "status": frozenset({"SUCCESS"}),
    "tokenType": frozenset({"USER", "SERVICE_INTERNAL", "SERVICE_EXTERNAL"}),
    "order": frozenset({"ASC", "DESC"}),
    "_enabled": frozenset({"ENABLED", "DISABLED"}),
}
"""Keys of events, searches and entities whose values BioT defines."""


class Pseudonyms:
    """The pseudonyms of one file."""

    def __init__(self) -> None:
        self._known: dict[str, dict[object, int]] = {}

    def event(self, body: object) -> object:
        """Return the body of an event without any value of a person, an organization or a device."""
        if not isinstance(body, dict):
            return self.value(body)
        method = str(body.get("method", ""))
        result = {key: self._part(key, value, method) for key, value in body.items()}
        api_id = body.get("apiId")
        if isinstance(api_id, str):
            name, slash, path = api_id.partition("/")
            known = find_called_api(name, slash + path)
            result["apiId"] = known.api_id if known else self.value(api_id)
        return result

    def value(self, value: object, key: str = "") -> object:
        """Return the pseudonym of a value, or the value if it is on the allow-list."""
        if isinstance(value, dict):
            return {inner: self._entry(inner, content) for inner, content in value.items()}
        if isinstance(value, list):
            return [self.value(item, key) for item in value]
        if value is None or value == _TOKEN or _is_kept(key, value):
            return value
        if isinstance(value, bool):
            return False
        if isinstance(value, int | float):
            number = self._number("number", value)
            return number if isinstance(value, int) else number + 0.5
        return self._text(str(value))

    def path(self, method: str, path: str) -> str:
        """Return the path of an API without ids; names of templates stay."""
        api = find_called_api(method, path)
        if api is None:
            return "/".join(part and str(self.value(part)) for part in path.split("/"))
        result = api.api_id.partition("/")[2]
        for name, value in api.path_values.items():
            kept = name in _KEPT_PATH_VALUES and _TEMPLATE_NAME.fullmatch(value)
            result = result.replace(f"{{{name}}}", value if kept else quote(str(self.value(value)), safe=""))
        return f"/{result}"

    def _part(self, key: str, value: object, method: str) -> object:
        if key == "request" and isinstance(value, dict):
            return {name: self._request_part(name, content, method) for name, content in value.items()}
        return self.value(value, key)

    def _request_part(self, name: str, value: object, method: str) -> object:
        match name, value:
            case "path", str():
                return self.path(method, value)
            case "headers", dict():
                return self._headers(value)
            case "queryParameters", dict():
                return {key: [self._query(item) for item in _listed(items)] for key, items in value.items()}
            case _:
                return self.value(value, name)

    def _headers(self, headers: Mapping[str, object]) -> dict[str, object]:
        return {
            name: value if name in _KEPT_HEADERS and _is_plain(value) else self.value(value)
            for name, value in headers.items()
            if name not in _DROPPED_HEADERS
        }

    def _query(self, item: object) -> object:
        """Return a query parameter; the JSON of a search stays JSON."""
        try:
            parsed = json.loads(item) if isinstance(item, str) else item
        except ValueError:
            return self.value(item)
        if isinstance(parsed, dict | list):
            return json.dumps(self.value(parsed), ensure_ascii=False)
        return self.value(item)

    def _entry(self, key: str, value: object) -> object:
        if key == "_template" and isinstance(value, dict):
            name = value.get("name")
            known = isinstance(name, str) and bool(_TEMPLATE_NAME.fullmatch(name))
            return {
                inner: content if inner == "name" and known else self.value(content) for inner, content in value.items()
            }
        return self.value(value, key)

    def _text(self, text: str) -> str:
        forms: Iterable[tuple[re.Pattern[str], Callable[[int], str]]] = (
            (_UUID, lambda n: f"00000000-0000-4000-8000-{n:012}"),
            (_MOMENT, lambda n: f"2026-01-01T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}Z"),
            (_DATE, lambda n: f"{1900 + n % 200}-01-01"),
            (_EMAIL, lambda n: f"person-{n}@example.com"),
            (_PHONE, lambda n: f"+1{n:010}"),
        )
        for form, make in forms:
            if form.fullmatch(text):
                return make(self._number(form.pattern, text))
        return f"text-{self._number('text', text)}" if text else ""

    def _number(self, form: str, value: object) -> int:
        known = self._known.setdefault(form, {})
        return known.setdefault(value, len(known) + 1)


def _is_kept(key: str, value: object) -> bool:
    if key in _KEPT_NUMBERS:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str) and value in (_FIXED.get(key) or _choices().get(key) or ())


@cache
def _choices() -> Mapping[str, frozenset[str]]:
    """Return the attributes whose values BioT lists, and these values."""
    found: dict[str, set[str]] = {}
    for kind in TYPES.values():
        for attribute in kind.attributes:
            if attribute.kind == "choice" and attribute.name not in _PERSONAL_CHOICES:
                found.setdefault(attribute.name, set()).update(attribute.choices)
    return {name: frozenset(values) for name, values in found.items()}


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[a-zA-Z0-9,;=/*.+ -]{0,60}", value))


def _listed(items: object) -> list[object]:
    return items if isinstance(items, list) else [items]
