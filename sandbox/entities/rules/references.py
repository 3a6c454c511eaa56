"""Checks of the references in a request: the entity exists, has the right type and is in the right organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.entities.entity_body import organization_of
from sandbox.entities.entity_store import reference_id
from sandbox.web.biot_errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.entities.entity_store import EntityStore
    from sandbox.entities.types.attributes import Attribute
    from sandbox.entities.types.entity_description import EntityType


def check_references(
    store: EntityStore, kind: EntityType, sent: Mapping[str, object], attributes: Mapping[str, object]
) -> None:
    """Check the entities that a request refers to.

    Args:
        store: The entities.
        kind: The type of the entity of the request.
        sent: The attributes in the request.
        attributes: All attributes of the entity after the request.

    Raises:
        ApiError: 404, an entity does not exist; 400 or 409, it has another type or is in another organization.
    """
    for one in kind.attributes:
        identifier = reference_id(sent, one.name) if one.kind == "reference" else None
        if identifier is not None:
            _check(store, one, identifier, None if one.name == "_ownerOrganization" else attributes)


def _check(store: EntityStore, one: Attribute, identifier: str, attributes: Mapping[str, object] | None) -> None:
    entity = store.find(one.refers_to, identifier)
    if entity is None:
        raise _missing(store, one, identifier)
    wanted = attributes and reference_id(attributes, "_ownerOrganization")
    if wanted is None or organization_of(entity) == wanted:
        return
    message = f"{one.name} is in another organization."
    if one.name == "_caregiver":
        details = {"patientOrganizationId": wanted, "caregiverOrganizationId": organization_of(entity)}
        raise ApiError(409, "CAREGIVER_MUST_BE_IN_SAME_ORGANIZATION_AS_PATIENT", message, details)
    details = {
        "entityId": identifier,
        "entityOrganizationId": organization_of(entity),
        "requestedOrganizationId": wanted,
    }
    raise bad_request(message, "DIFFERENT_REFERENCED_ENTITY_ORGANIZATION_ID", details)


def _missing(store: EntityStore, one: Attribute, identifier: str) -> ApiError:
    other = store.find_anywhere(identifier)
    if other is not None:
        message = f"{one.name} must be a {one.refers_to}."
        details = {"attributeName": one.name, "entityId": identifier, "entityTypeName": other.entity_type_name}
        return bad_request(message, "REFERENCED_ENTITY_TYPE_MISMATCH", details)
    message = f"There is no {one.refers_to} with the id in {one.name}."
    if one.absent_code == "OWNER_ORGANIZATION_CANNOT_BE_NULL":
        return ApiError(404, "ORGANIZATION_NOT_FOUND", message, {"id": identifier})
    details = {"attributeName": one.name, "entityId": identifier}
    return ApiError(404, "REFERENCE_CONFIGURATION_ENTITY_NOT_FOUND", message, details)
