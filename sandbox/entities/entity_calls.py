"""Which API on entities a request is, and what it changed: for the hooks around a request."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from builder.platform.entity_apis import ENTITY_APIS
from sandbox.intercepted_apis import find_api

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from builder.platform.entity_apis import EntityApi

_SCOPE_KEY = "sandbox.entity_change"


@dataclass(frozen=True, kw_only=True, slots=True)
class EntityCall:
    """A request to an API on entities.

    Attributes:
        api: The API.
        path_parameters: The values of its path parameters.
    """

    api: EntityApi
    path_parameters: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class EntityChange:
    """What a successful request changed, read in the same transaction.

    Attributes:
        entity_type_name: The type of the entity.
        action: The ``actionName`` of the notification.
        entity: The entity after the change, as in the response; a deleted one as it was.
        old_entity: The entity before an update; None for every other action.
    """

    entity_type_name: str
    action: str
    entity: Mapping[str, object]
    old_entity: Mapping[str, object] | None = None


def find_entity_call(method: str, path: str) -> EntityCall | None:
    """Return which API on entities a request is; None if it is another one.

    Args:
        method: The HTTP method.
        path: The decoded path, with its leading slash.
    """
    found = find_api(f"{method}{path}")
    if found is None:
        return None
    return EntityCall(api=_apis()[found.api_id], path_parameters=found.path_filters)


def note_change(scope: MutableMapping[str, object], change: EntityChange) -> None:
    """Leave a change in the scope of its request, when the transaction has been committed."""
    scope[_SCOPE_KEY] = change


def noted_change(scope: Mapping[str, object]) -> EntityChange | None:
    """Return the change that a request has made; None before its response, after an error, or if it only read."""
    change = scope.get(_SCOPE_KEY)
    return change if isinstance(change, EntityChange) else None


@cache
def _apis() -> Mapping[str, EntityApi]:
    return {api.api_id: api for api in ENTITY_APIS}
