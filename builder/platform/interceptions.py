"""The APIs that interceptors can subscribe to, as known offline.

A hint, not the truth: BioT publishes no list, and each environment answers
``GET /settings/v1/interceptions`` with its own. Sources: BioT's guide to interceptor plugins and OpenAPI
specification 2.4.2 (organization service) name these routes; reading, updating and deleting the same
entities are added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.platform.api_catalog import ADAPTABLE_ENTITY_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, kw_only=True, slots=True)
class InterceptionTarget:
    """One API or entity that interceptors can subscribe to.

    Attributes:
        entity_type_name: The entity of the API; for ADAPT_ENTITY, the entity itself.
        service_prefix: First part of the API's path: its service.
        api_id: Method directly followed by the path, with parameters as ``{name}``; None for an entity alone.
    """

    entity_type_name: str
    service_prefix: str
    api_id: str | None


_COLLECTIONS = (
    # entity, its collection, the path parameter of one entity, the suffix to create one from a template
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


def _apis() -> Iterator[InterceptionTarget]:
    for entity, collection, parameter, template in _COLLECTIONS:
        service = collection.partition("/")[0]
        api_ids = [f"POST/{collection}", f"GET/{collection}"]
        api_ids += [f"POST/{collection}{template}"] if template else []
        api_ids += [f"{method}/{collection}/{{{parameter}}}" for method in ("GET", "PATCH", "DELETE")]
        for api_id in api_ids:
            yield InterceptionTarget(entity_type_name=entity, service_prefix=service, api_id=api_id)


def _entities() -> Iterator[InterceptionTarget]:
    services = {entity: collection.partition("/")[0] for entity, collection, _, _ in _COLLECTIONS}
    for entity in ADAPTABLE_ENTITY_TYPES:
        yield InterceptionTarget(entity_type_name=entity, service_prefix=services[entity], api_id=None)


INTERCEPTION_TARGETS = (*_entities(), *_apis())
"""The entries of ``GET /settings/v1/interceptions``."""

API_IDS = tuple(item.api_id for item in INTERCEPTION_TARGETS if item.api_id)
"""Every generic ``apiId``."""
