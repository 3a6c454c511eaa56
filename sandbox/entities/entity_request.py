"""One request to an API on entities, and what it refers to: its entity, the parent and the template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.entities.entity_store import reference_id
from sandbox.entities.types.entity_types import ENTITY_TYPES
from sandbox.web.biot_errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.platform.entity_apis import EntityApi
    from sandbox.entities.entity_store import EntityStore, StoredEntity, StoredTemplate
    from sandbox.entities.types.entity_description import EntityType


@dataclass(frozen=True, kw_only=True, slots=True)
class EntityRequest:
    """A request.

    Attributes:
        api: The API.
        path_parameters: The values of its path parameters.
        body: The JSON body; empty without one.
        caller_id: The id of the user or service user.
        now: The time, in ISO 8601.
    """

    api: EntityApi
    path_parameters: Mapping[str, str]
    body: Mapping[str, object]
    caller_id: str
    now: str

    @property
    def kind(self) -> EntityType:
        """The type of the entity."""
        return ENTITY_TYPES[self.api.entity_type_name]


def not_found(kind: EntityType, identifier: str) -> ApiError:
    """Return the 404 for an entity that does not exist."""
    message = f"There is no {kind.name} with this id."
    return ApiError(404, kind.not_found, message, {"id": identifier})


def find_entity(store: EntityStore, request: EntityRequest) -> StoredEntity:
    """Return the entity that the path names.

    Raises:
        ApiError: 404, there is none; 400 or 409, it belongs to another parent or has another template.
    """
    identifier, parent = request.path_parameters["id"], request.kind.parent
    if parent and parent.detail == "parentEntityId":
        find_parent(store, request)
    entity = store.find(request.kind.name, identifier)
    if entity is None or not _has_template(store, entity, request.path_parameters.get("templateName")):
        raise not_found(request.kind, identifier)
    if parent and reference_id(entity.attributes, parent.attribute) != request.path_parameters[parent.parameter]:
        status, code = parent.wrong
        details = {parent.detail: request.path_parameters[parent.parameter], "id": identifier}
        raise ApiError(status, code, f"This {request.kind.name} belongs to another {parent.entity_type_name}.", details)
    return entity


def _has_template(store: EntityStore, entity: StoredEntity, name: str | None) -> bool:
    return name is None or store.template_of(entity).name == name


def find_parent(store: EntityStore, request: EntityRequest) -> StoredEntity | None:
    """Return the parent that the path names; None for a type without parents.

    Raises:
        ApiError: 400 or 404, there is none.
    """
    parent = request.kind.parent
    if parent is None:
        return None
    identifier = request.path_parameters[parent.parameter]
    entity = store.find(parent.entity_type_name, identifier)
    if entity is None:
        status, code = parent.missing
        detail = "id" if code == "DEVICE_NOT_FOUND" else parent.detail
        raise ApiError(status, code, f"There is no {parent.entity_type_name} with this id.", {detail: identifier})
    return entity


def find_template(store: EntityStore, request: EntityRequest, parent: StoredEntity | None) -> StoredTemplate:
    """Return the template that a new entity gets: by the name in the path, or by ``_templateId`` in the body.

    Raises:
        ApiError: 404, there is none; 403, it is for another entity type; 400, it is not a child of the parent's one.
    """
    name = request.path_parameters.get("templateName") or request.path_parameters.get("usageType")
    if name is None:
        template = _by_id(store, request)
        if parent and template.parent_id not in {None, parent.template_id}:
            raise _not_a_child(request, template, parent)
        return template
    candidates = store.templates_named(request.kind.name, name)
    fitting = [one for one in candidates if not parent or one.parent_id in {None, parent.template_id}]
    if candidates and not fitting and parent:
        raise _not_a_child(request, candidates[0], parent)
    if not fitting:
        raise no_template_named(request.kind.name, name)
    return fitting[0]


def _by_id(store: EntityStore, request: EntityRequest) -> StoredTemplate:
    identifier = request.body.get("_templateId")
    if identifier is None:
        message = "_templateId is mandatory."
        raise bad_request(message, "ATTRIBUTE_IS_MANDATORY", {"attributeName": "_templateId"})
    if not isinstance(identifier, str):
        message = "_templateId must be a UUID."
        details = {"attributeName": "_templateId", "value": identifier, "type": "TEXT"}
        raise bad_request(message, "ATTRIBUTE_VALUE_TYPE_MISMATCH", details)
    template = store.template(identifier.lower())
    if template is None:
        raise ApiError(404, "TEMPLATE_NOT_FOUND", "There is no template with this id.", {"templateId": identifier})
    if template.entity_type_name != request.kind.name:
        message = f"The template is for entities of the type {template.entity_type_name}."
        details = {"templateId": template.id, "entityType": request.kind.name}
        raise ApiError(403, "ENTITY_TYPE_TEMPLATE_MISMATCH", message, details)
    return template


def _not_a_child(request: EntityRequest, template: StoredTemplate, parent: StoredEntity) -> ApiError:
    error = request.kind.parent and request.kind.parent.template_error
    code, own, parents = error or ("ENTITY_TYPE_TEMPLATE_MISMATCH", "templateId", "parentTemplateId")
    message = f"The template is not for a {request.kind.name} of this {parent.entity_type_name}."
    return bad_request(message, code, {own: template.id, parents: parent.template_id})


def no_template_named(entity_type_name: str, name: str) -> ApiError:
    """Return the 404 for a template name."""
    code, detail = TEMPLATE_CODES.get(entity_type_name, ("TEMPLATE_NOT_FOUND_BY_NAME", "templateName"))
    message = f"There is no template with this name for the entity type {entity_type_name}."
    return ApiError(404, code, message, {detail: name})


TEMPLATE_CODES: Mapping[str, tuple[str, str]] = {
    "device": ("TEMPLATE_NOT_FOUND", "templateId"),
    "usage-session": ("SESSION_TEMPLATE_NOT_FOUND_BY_USAGE_TYPE", "entityName"),
    "command": ("SESSION_TEMPLATE_NOT_FOUND_BY_USAGE_TYPE", "entityName"),
}
"""The error codes for an unknown template name that differ from most, and the key of the name in the details."""
