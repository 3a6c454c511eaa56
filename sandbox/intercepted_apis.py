"""Find the API of BioT's catalogue that the ``apiId`` of a subscription refers to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from builder.platform.interceptions import API_IDS

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class InterceptedApi:
    """An ``apiId``, split as subscriptions store it.

    Attributes:
        api_id: The generic form, as in the catalogue.
        path_filters: Path parameters that were replaced by a value, such as ``{"templateName": "nurse"}``.
    """

    api_id: str
    path_filters: Mapping[str, str]


def find_api(api_id: str) -> InterceptedApi | None:
    """Find the API of an ``apiId`` whose path parameters are names or values; None if there is no such API.

    A literal part takes precedence over a parameter: ``POST/…/patients/templates/nurse`` is not an alert of a patient
    called ``templates``.
    """
    for generic, pattern in _patterns_by_slash_count().get(api_id.count("/"), ()):
        if match := pattern.fullmatch(api_id):
            filters = {name: value for name, value in match.groupdict().items() if value != f"{{{name}}}"}
            return InterceptedApi(api_id=generic, path_filters=filters)
    return None


def narrowing_of(api_id: str) -> str:
    """Return what the values in an ``apiId`` narrow a subscription to, as a sentence; empty if there are none."""
    found = find_api(api_id)
    if found is None or not found.path_filters:
        return ""
    values = " and ".join(f"{name} is {value}" for name, value in found.path_filters.items())
    return f"Only calls in which {values}."


def api_id_pattern() -> str:
    """Return a regular expression for every valid ``apiId``, with anchors and without named groups."""
    return "^(?:" + "|".join(re.sub(r"\?P<\w+>", "?:", pattern.pattern) for _, pattern in _patterns()) + ")$"


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    ordered = sorted(dict.fromkeys(API_IDS), key=lambda api_id: (api_id.count("{"), api_id))
    return tuple((api_id, re.compile(_pattern(api_id))) for api_id in ordered)


@cache
def _patterns_by_slash_count() -> dict[int, list[tuple[str, re.Pattern[str]]]]:
    """Group the patterns by their number of slashes, so that few are left to try. Parameter values have no slash."""
    groups: dict[int, list[tuple[str, re.Pattern[str]]]] = {}
    for generic, pattern in _patterns():
        groups.setdefault(generic.count("/"), []).append((generic, pattern))
    return groups


def _pattern(api_id: str) -> str:
    parts = re.split(r"\{(\w+)\}", api_id)
    literal, parameters = parts[::2], parts[1::2]
    groups = [rf"(?P<{name}>\{{{name}\}}|[^/{{}}?#\s]+)" for name in parameters]
    return "".join(re.escape(text) + group for text, group in zip(literal, [*groups, ""], strict=True))
