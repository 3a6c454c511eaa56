"""The APIs that interceptors can subscribe to, as known offline.

A hint, not the truth: BioT publishes no list, and each environment answers
``GET /settings/v1/interceptions`` with its own. Here it is every API on entities in OpenAPI specification 2.4.2,
which contains the examples of BioT's guide to interceptor plugins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from builder.platform.api_catalog import ADAPTABLE_ENTITY_TYPES
from builder.platform.entity_apis import ENTITY_APIS

if TYPE_CHECKING:
    from collections.abc import Iterator


class InterceptionTarget(Struct, frozen=True, kw_only=True):
    """One API or entity that interceptors can subscribe to.

    Attributes:
        entity_type_name: The entity of the API; for ADAPT_ENTITY, the entity itself.
        service_prefix: First part of the API's path: its service.
        api_id: Method directly followed by the path, with parameters as ``{name}``; None for an entity alone.
    """

    entity_type_name: str
    service_prefix: str
    api_id: str | None


def _apis() -> Iterator[InterceptionTarget]:
    for api in ENTITY_APIS:
        service = api.path.split("/")[1]
        yield InterceptionTarget(entity_type_name=api.entity_type_name, service_prefix=service, api_id=api.api_id)


def _entities() -> Iterator[InterceptionTarget]:
    services = {api.entity_type_name: api.path.split("/")[1] for api in ENTITY_APIS}
    for entity in ADAPTABLE_ENTITY_TYPES:
        yield InterceptionTarget(entity_type_name=entity, service_prefix=services[entity], api_id=None)


INTERCEPTION_TARGETS = (*_entities(), *_apis())
"""The entries of ``GET /settings/v1/interceptions``."""

API_IDS = tuple(item.api_id for item in INTERCEPTION_TARGETS if item.api_id)
"""Every generic ``apiId``."""
