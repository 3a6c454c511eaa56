"""Which API of BioT's catalog a request calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from builder.platform.entity_apis import ENTITY_APIS
from sandbox.entities.entity_calls import find_entity_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.platform.entity_apis import Operation

_READING: Mapping[Operation, str] = {"search": "_list", "get": "_read", "get_self": "_read"}
"""Actions that BioT knows and notifies nobody of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CalledApi:
    """An API of the catalog, as one request calls it.

    Attributes:
        method: The HTTP method.
        api_id: The generic ``apiId``: the method and the path with parameters as ``{name}``.
        entity: The entity type that it is about.
        action: What it does to the entity, such as ``_create``; empty when BioT has no action for it.
        path_values: The values of the path parameters, in their order.
    """

    method: str
    api_id: str
    entity: str
    action: str
    path_values: Mapping[str, str] = field(default_factory=dict)

    @property
    def service(self) -> str:
        """The first part of the path: the service."""
        return self.api_id.split("/", 2)[1]


def find_called_api(method: str, path: str) -> CalledApi | None:
    """Return the API that a request calls; None when it is not in the catalog."""
    found = find_entity_call(method, path)
    if found is None:
        return None
    return CalledApi(
        method=method,
        api_id=found.api.api_id,
        entity=found.api.entity_type_name,
        action=found.api.action or _READING.get(found.api.operation, ""),
        path_values=found.path_parameters,
    )


def entity_of_api(api_id: str) -> str:
    """Return the entity type of a generic ``apiId``; empty when the API is not in the catalog."""
    return _entities().get(api_id, "")


@cache
def _entities() -> Mapping[str, str]:
    return {api.api_id: api.entity_type_name for api in ENTITY_APIS}
