"""What an entity type can check and set beyond its description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.entities.entity_request import EntityRequest
    from sandbox.entities.entity_store import EntityStore, StoredEntity


def _accept_new(_store: EntityStore, draft: StoredEntity, _request: EntityRequest) -> StoredEntity:
    return draft


def _accept_change(_store: EntityStore, _old: StoredEntity, new: StoredEntity, _request: EntityRequest) -> StoredEntity:
    return new


def _accept_deletion(_store: EntityStore, _entity: StoredEntity) -> None:
    """Every entity may be deleted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EntityRules:
    """The rules of one entity type. Each raises an ``ApiError`` when BioT would refuse.

    Attributes:
        create: Gets the entity before it is stored and returns it complete.
        update: Gets the old and the new entity and returns the new one complete.
        delete: Gets the entity before it is deleted.
    """

    create: Callable[[EntityStore, StoredEntity, EntityRequest], StoredEntity] = _accept_new
    update: Callable[[EntityStore, StoredEntity, StoredEntity, EntityRequest], StoredEntity] = _accept_change
    delete: Callable[[EntityStore, StoredEntity], None] = _accept_deletion


NO_RULES = EntityRules()
"""For a type whose description says everything."""
