"""Create, read, update and delete: one implementation for all entity types.

What a type needs beyond its description is in ``people_rules`` and ``device_rules``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

from sandbox.entities.entity_body import EntityWriter, organization_of
from sandbox.entities.entity_calls import EntityChange
from sandbox.entities.entity_request import find_entity, find_parent, find_template, not_found
from sandbox.entities.entity_store import StoredEntity
from sandbox.entities.rules.device_rules import DEVICE_RULES
from sandbox.entities.rules.entity_rules import NO_RULES
from sandbox.entities.rules.people_rules import PEOPLE_RULES
from sandbox.entities.rules.references import check_references
from sandbox.entities.templates.custom_attributes import custom_attributes, refuse_unlisted
from sandbox.entities.types.attributes import read_attributes
from sandbox.ums.accounts import ORGANIZATION

if TYPE_CHECKING:
    from sandbox.entities.entity_request import EntityRequest
    from sandbox.entities.entity_store import EntityStore
    from sandbox.entities.rules.entity_rules import EntityRules


def create(store: EntityStore, request: EntityRequest) -> EntityChange:
    """Create an entity, or start a command or session.

    Raises:
        ApiError: The request is not valid for the entity type.
    """
    kind, parent = request.kind, find_parent(store, request)
    template = find_template(store, request, parent)
    body = {name: value for name, value in request.body.items() if name != "_templateId"}
    attributes_of_api = kind.attributes if request.api.operation in _WITH_ALL_ATTRIBUTES else kind.started_attributes
    sent = read_attributes((*attributes_of_api, *(custom_attributes(template) or ())), body, template.id, creates=True)
    refuse_unlisted(template, body)
    set_values = {name: value for name, value in sent.items() if value is not None}
    identifier = str(set_values.pop("_id")) if kind.own_ids else str(uuid4())
    attributes = {**kind.defaults, **set_values}
    if parent and kind.parent:
        attributes |= {kind.parent.attribute: {"id": parent.id}, "_ownerOrganization": {"id": organization_of(parent)}}
    attributes.setdefault("_ownerOrganization", {"id": identifier if kind.name == "organization" else ORGANIZATION})
    check_references(store, kind, set_values, attributes)
    draft = StoredEntity(
        entity_type_name=kind.name,
        id=identifier,
        template_id=template.id,
        creation_time=request.now,
        last_modified_time=request.now,
        attributes=attributes,
    )
    entity = rules_of(request).create(store, draft, request)
    store.insert(entity)
    return change_of(store, request, entity)


_ALWAYS = ("_ownerOrganization",)
"""Attributes that every entity has, so that an update with null leaves them as they are."""
_WITH_ALL_ATTRIBUTES = {"create", "create_by_template"}


def get(store: EntityStore, request: EntityRequest) -> dict[str, object]:
    """Return an entity.

    Raises:
        ApiError: 404, there is none.
    """
    return EntityWriter(store).body(find_entity(store, request))


def get_self(store: EntityStore, request: EntityRequest) -> dict[str, object]:
    """Return the entity with the id of the caller.

    Raises:
        ApiError: 404, the caller is not an entity of this type.
    """
    entity = store.find(request.kind.name, request.caller_id)
    if entity is None:
        raise not_found(request.kind, request.caller_id)
    return EntityWriter(store).body(entity)


def update(store: EntityStore, request: EntityRequest) -> EntityChange:
    """Change the attributes in the body; null removes one.

    Raises:
        ApiError: The request is not valid for the entity.
    """
    old = find_entity(store, request)
    template = store.template_of(old)
    attributes = (*request.kind.attributes, *(custom_attributes(template) or ()))
    sent = read_attributes(attributes, request.body, template.id, creates=False)
    refuse_unlisted(template, request.body)
    merged = {name: value for name, value in {**old.attributes, **sent}.items() if value is not None}
    merged = {**request.kind.defaults, **{name: old.attributes[name] for name in _ALWAYS}, **merged}
    check_references(store, request.kind, sent, merged)
    new = replace(old, attributes=merged, last_modified_time=request.now)
    new = rules_of(request).update(store, old, new, request)
    return save(store, request, old, new)


def delete(store: EntityStore, request: EntityRequest) -> EntityChange:
    """Delete an entity and its children, and the references of devices to it.

    Raises:
        ApiError: 404, there is none; 403 or 409, it is in use.
    """
    entity = find_entity(store, request)
    rules_of(request).delete(store, entity)
    change = change_of(store, request, entity)
    store.delete(entity)
    store.forget(entity)
    return change


def save(store: EntityStore, request: EntityRequest, old: StoredEntity, new: StoredEntity) -> EntityChange:
    """Store a changed entity and return the change."""
    before = EntityWriter(store).body(old)
    store.save(new)
    change = change_of(store, request, new)
    cleared = new.attributes.get("_state") == "CLEARED" != old.attributes.get("_state")
    return replace(change, old_entity=before, action="_clear" if cleared else change.action)


def change_of(store: EntityStore, request: EntityRequest, entity: StoredEntity) -> EntityChange:
    """Return a change, with the entity as it is in the transaction now."""
    return EntityChange(
        entity_type_name=request.kind.name,
        action=request.api.action or "",
        entity=EntityWriter(store).body(entity),
    )


def rules_of(request: EntityRequest) -> EntityRules:
    """Return what the entity type needs beyond its description."""
    return {**PEOPLE_RULES, **DEVICE_RULES}.get(request.kind.name, NO_RULES)
