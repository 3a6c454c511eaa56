"""Which of the known APIs an ``apiId`` of a subscription on the local BioT means."""

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
    """An ``apiId`` as subscriptions keep it.

    Attributes:
        api_id: The generic form, as in the catalogue.
        path_filters: Path parameters for which a value was written, such as ``{"templateName": "nurse"}``.
    """

    api_id: str
    path_filters: Mapping[str, str]


def find_api(api_id: str) -> InterceptedApi | None:
    """The API that an ``apiId`` means; a path parameter may stand as its name or as a value. None when there is none.

    A literal part goes before a parameter: ``POST/…/patients/templates/nurse`` is no alert of a patient ``templates``.
    """
    for generic, pattern in _patterns_by_parts().get(api_id.count("/"), ()):
        if found := pattern.fullmatch(api_id):
            given = {name: value for name, value in found.groupdict().items() if value != f"{{{name}}}"}
            return InterceptedApi(api_id=generic, path_filters=given)
    return None


def api_id_pattern() -> str:
    """A regular expression that every ``apiId`` matches as a whole, with anchors and without names."""
    return "^(?:" + "|".join(re.sub(r"\?P<\w+>", "?:", pattern.pattern) for _, pattern in _patterns()) + ")$"


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    ordered = sorted(dict.fromkeys(API_IDS), key=lambda api_id: (api_id.count("{"), api_id))
    return tuple((api_id, re.compile(_pattern(api_id))) for api_id in ordered)


@cache
def _patterns_by_parts() -> dict[int, list[tuple[str, re.Pattern[str]]]]:
    """By the number of slashes, which no value of a parameter holds: few patterns are left to try."""
    found: dict[int, list[tuple[str, re.Pattern[str]]]] = {}
    for generic, pattern in _patterns():
        found.setdefault(generic.count("/"), []).append((generic, pattern))
    return found


def _pattern(api_id: str) -> str:
    parts = re.split(r"\{(\w+)\}", api_id)
    literal, parameters = parts[::2], parts[1::2]
    fillings = [rf"(?P<{name}>\{{{name}\}}|[^/{{}}?#\s]+)" for name in parameters]
    return "".join(re.escape(text) + filling for text, filling in zip(literal, [*fillings, ""], strict=True))
