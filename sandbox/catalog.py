"""What can be intercepted on the local BioT.

BioT publishes no list: every environment answers ``GET /settings/v1/interceptions`` with its own. This one holds the
routes that BioT's guide to interceptor plugins and OpenAPI specification 2.4.2 (organization service) name, with the
reading, changing and deleting of the same entities, so that a laptop knows the APIs that plugins usually intercept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from builder.platform.catalog import ADAPTABLE_ENTITY_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AS_OF = "BioT 2.4.2, seen on 2026-11-20"


@dataclass(frozen=True, kw_only=True, slots=True)
class Interceptable:
    """One thing that interceptors can subscribe to.

    Attributes:
        entity_type_name: The entity that the API is about; for ADAPT_ENTITY, the entity itself.
        service_prefix: First part of the API's path: the service that has it.
        api_id: Method directly followed by the path, parameters as ``{name}``; None where only the entity is meant.
    """

    entity_type_name: str
    service_prefix: str
    api_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """An ``apiId`` as subscriptions keep it.

    Attributes:
        api_id: The generic form, as in the catalogue.
        path_filters: Path parameters for which a value was written, such as ``{"templateName": "nurse"}``.
    """

    api_id: str
    path_filters: Mapping[str, str]


_COLLECTIONS = (
    # entity, its collection, the parameter of one of them, where one of a template is made
    ("patient", "organization/v1/users/patients", "id", "/templates/{templateName}"),
    ("caregiver", "organization/v1/users/caregivers", "id", "/templates/{templateName}"),
    ("organization-user", "organization/v1/users/organizations", "id", "/templates/{templateName}"),
    ("organization", "organization/v1/organizations", "id", "/templates/{templateName}"),
    ("device", "device/v2/devices", "id", "/templates/{templateName}"),
    ("generic-entity", "generic-entity/v3/generic-entities/{templateName}", "id", ""),
    ("device-alert", "device/v1/devices/{deviceId}/alerts", "id", "/{templateName}"),
    ("patient-alert", "organization/v1/users/patients/{patientId}/alerts", "id", "/{templateName}"),
    ("command", "device/v1/devices/{deviceId}/commands", "id", ""),
    ("usage-session", "device/v1/devices/{deviceId}/usage-sessions", "id", ""),
)


def _apis() -> Iterator[Interceptable]:
    for entity, collection, parameter, template in _COLLECTIONS:
        service = collection.partition("/")[0]
        ways = [f"POST/{collection}", f"GET/{collection}"]
        ways += [f"POST/{collection}{template}"] if template else []
        ways += [f"{method}/{collection}/{{{parameter}}}" for method in ("GET", "PATCH", "DELETE")]
        for api_id in ways:
            yield Interceptable(entity_type_name=entity, service_prefix=service, api_id=api_id)


def _entities() -> Iterator[Interceptable]:
    services = {entity: collection.partition("/")[0] for entity, collection, _, _ in _COLLECTIONS}
    for entity in ADAPTABLE_ENTITY_TYPES:
        yield Interceptable(entity_type_name=entity, service_prefix=services[entity], api_id=None)


INTERCEPTABLE = (*_entities(), *_apis())
"""Every line of ``GET /settings/v1/interceptions``."""

API_IDS = tuple(item.api_id for item in INTERCEPTABLE if item.api_id)
"""Every generic ``apiId``."""


def find_api(api_id: str) -> Target | None:
    """The API that an ``apiId`` means; a path parameter may stand as its name or as a value. None when there is none.

    A literal part goes before a parameter: ``POST/…/patients/templates/nurse`` is no alert of a patient ``templates``.
    """
    for generic, pattern in _patterns_by_parts().get(api_id.count("/"), ()):
        if found := pattern.fullmatch(api_id):
            given = {name: value for name, value in found.groupdict().items() if value != f"{{{name}}}"}
            return Target(api_id=generic, path_filters=given)
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
