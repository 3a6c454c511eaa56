"""Entities as BioT's responses and notifications show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.entities.entity_store import reference_id
from sandbox.entities.types.entity_types import ENTITY_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.entities.entity_store import EntityStore, StoredEntity

REFERENCES: Mapping[str, str] = {
    "_caregiver": "caregiver",
    "_device": "device",
    "_ownerOrganization": "organization",
    "_patient": "patient",
    "_primaryAdministrator": "organization-user",
    "_registrationCode": "registration-code",
}
"""The attributes that refer to an entity, with its type."""


class EntityWriter:
    """Writes entities of one transaction, and reads each entity that they refer to only once.

    Args:
        store: The entities and templates.
    """

    def __init__(self, store: EntityStore) -> None:
        self._store = store
        self._references: dict[tuple[str, str], Mapping[str, object]] = {}

    def body(self, entity: StoredEntity) -> dict[str, object]:
        """Return an entity with its id, template, times and caption, and with what it refers to."""
        references = {
            name: self._reference(kind, identifier)
            for name, kind in REFERENCES.items()
            if (identifier := reference_id(entity.attributes, name))
        }
        return {
            "_id": entity.id,
            **entity.attributes,
            **references,
            "_template": self._template(entity),
            "_creationTime": entity.creation_time,
            "_lastModifiedTime": entity.last_modified_time,
            "_caption": caption_of(entity),
        }

    def _template(self, entity: StoredEntity) -> dict[str, object]:
        template = self._store.template_of(entity)
        shown: dict[str, object] = {"id": template.id, "name": template.name, "displayName": template.display_name}
        if template.parent_id and (parent := self._store.template(template.parent_id)):
            shown["parentTemplate"] = {"id": parent.id, "name": parent.name, "displayName": parent.display_name}
        return shown

    def _reference(self, entity_type_name: str, identifier: str) -> Mapping[str, object]:
        key = (entity_type_name, identifier)
        if key not in self._references:
            entity = self._store.find(entity_type_name, identifier)
            self._references[key] = {"id": identifier} if entity is None else self._shown(entity)
        return self._references[key]

    def _shown(self, entity: StoredEntity) -> Mapping[str, object]:
        template = self._template(entity)
        return {
            "id": entity.id,
            "templateId": entity.template_id,
            "templateName": template["name"],
            "template": template,
            "organizationId": organization_of(entity),
            "name": caption_of(entity),
        }


def organization_of(entity: StoredEntity) -> str:
    """Return the id of the organization that an entity belongs to; an organization belongs to itself."""
    return reference_id(entity.attributes, "_ownerOrganization") or entity.id


def caption_of(entity: StoredEntity) -> str:
    """Return the name of an entity for people."""
    values: list[str] = []
    for path in ENTITY_TYPES[entity.entity_type_name].caption:
        value: object = {"_id": entity.id, **entity.attributes}
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        values += [value] if isinstance(value, str) and value else []
    return " ".join(values) or entity.id
