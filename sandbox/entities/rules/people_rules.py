"""Rules for people, organizations and registration codes (BioT OpenAPI specification 2.4.2, error codes)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

from sandbox.entities.entity_store import StoredEntity, reference_id
from sandbox.entities.rules.entity_rules import EntityRules
from sandbox.entities.templates.seed_templates import default_template_id
from sandbox.entities.types.entity_types import ENTITY_TYPES
from sandbox.ums.accounts import ORGANIZATION
from sandbox.web.biot_errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.entities.entity_request import EntityRequest
    from sandbox.entities.entity_store import EntityStore

PEOPLE = ("patient", "caregiver", "organization-user")


def _create_person(store: EntityStore, draft: StoredEntity, _request: EntityRequest) -> StoredEntity:
    attributes = draft.attributes
    _check_log_in(attributes)
    email = attributes.get("_email")
    if email is not None:
        _refuse_used_email(store, str(email), draft.id)
    username = {"_username": email} if email is not None and draft.entity_type_name == "patient" else {}
    return replace(draft, attributes={**attributes, **username})


def _check_log_in(attributes: Mapping[str, object]) -> None:
    one_time_code, mfa = attributes.get("_credentialType") == "OTP", attributes.get("_mfa")
    if one_time_code and not attributes.get("_phone"):
        message = "Log-ins by one-time code need a _phone."
        raise bad_request(message, "OTP_PHONE_CANNOT_BE_NULL")
    if one_time_code and isinstance(mfa, dict) and mfa.get("enabled"):
        message = "Log-ins by one-time code cannot have a second step."
        raise bad_request(message, "OTP_MFA_ENABLED_CONFLICT")
    if attributes.get("_canLogin") and not one_time_code and not attributes.get("_email"):
        message = "A patient who can log in needs an _email."
        raise bad_request(message, "EMAIL_CANNOT_BE_EMPTY_FOR_LOGGABLE_USER")


def _refuse_used_email(store: EntityStore, email: str, identifier: str) -> None:
    for kind in PEOPLE:
        if any(one.id != identifier for one in store.select(kind, "$._email", email)):
            raise ApiError(409, "EMAIL_ALREADY_EXIST", "Another user has this email address.", {"email": email})


def _update_person(store: EntityStore, old: StoredEntity, new: StoredEntity, _request: EntityRequest) -> StoredEntity:
    before, after = old.attributes, new.attributes
    if before.get("_email") is not None and after.get("_email") != before["_email"]:
        details = {"requestedEmail": after.get("_email"), "existingEmail": before["_email"]}
        raise ApiError(403, "EMAIL_CHANGE_NOT_PERMITTED", "The email address of a user cannot be changed.", details)
    if before.get("_credentialType") == "OTP" and after.get("_phone") != before.get("_phone"):
        message = "The phone of a user who logs in by one-time code cannot be changed."
        raise bad_request(message, "OTP_UPDATE_PHONE_DISABLED")
    _check_log_in(after)
    if "_email" in after:
        _refuse_used_email(store, str(after["_email"]), new.id)
    moved = reference_id(before, "_ownerOrganization") != reference_id(after, "_ownerOrganization")
    if moved and new.entity_type_name == "organization-user":
        _refuse_administrator(store, new)
    return new


def _delete_caregiver(store: EntityStore, entity: StoredEntity) -> None:
    if store.select("patient", "$._caregiver.id", entity.id):
        message = "The caregiver is assigned to a patient."
        raise ApiError(409, "CAREGIVER_ASSIGNED_TO_PATIENT", message, {"id": entity.id})


def _refuse_administrator(store: EntityStore, entity: StoredEntity) -> None:
    if store.select("organization", "$._primaryAdministrator.id", entity.id):
        message = "The user is the primary administrator of an organization."
        raise ApiError(409, "USER_IS_ORGANIZATION_ADMIN", message, {"id": entity.id})


def _create_organization(store: EntityStore, draft: StoredEntity, request: EntityRequest) -> StoredEntity:
    """Create the organization's first user, too."""
    _refuse_used_name(store, draft)
    person = draft.attributes["_primaryAdministrator"]
    given = person if isinstance(person, dict) else {}  # checked by its description
    administrator = StoredEntity(
        entity_type_name="organization-user",
        id=str(uuid4()),
        template_id=default_template_id("organization-user"),
        creation_time=request.now,
        last_modified_time=request.now,
        attributes={
            **ENTITY_TYPES["organization-user"].defaults,
            **given,
            "_ownerOrganization": {"id": draft.id},
        },
    )
    store.insert(_create_person(store, administrator, request))
    return replace(draft, attributes={**draft.attributes, "_primaryAdministrator": {"id": administrator.id}})


def _refuse_used_name(store: EntityStore, entity: StoredEntity) -> None:
    name = str(entity.attributes["_name"])
    if any(one.id != entity.id for one in store.select("organization", "$._name", name)):
        message = "There is already an organization with this name."
        raise ApiError(409, "ORGANIZATION_ALREADY_EXIST", message, {"name": name})


def _update_organization(
    store: EntityStore, _old: StoredEntity, new: StoredEntity, _request: EntityRequest
) -> StoredEntity:
    _refuse_used_name(store, new)
    return new


def _delete_organization(_store: EntityStore, entity: StoredEntity) -> None:
    if entity.id == ORGANIZATION:
        raise ApiError(403, "CANNOT_DELETE_FIRST_ORGANIZATION", "The first organization cannot be deleted.")


def _refuse_used_code(store: EntityStore, entity: StoredEntity) -> None:
    used = store.select("registration-code", "$._code", str(entity.attributes["_code"]))
    if other := next((one for one in used if one.id != entity.id), None):
        message = "There is already a registration code with this text."
        raise ApiError(409, "REGISTRATION_CODE_ALREADY_EXISTS", message, {"id": other.id})


def _create_code(store: EntityStore, draft: StoredEntity, _request: EntityRequest) -> StoredEntity:
    _refuse_used_code(store, draft)
    return draft


def _update_code(store: EntityStore, _old: StoredEntity, new: StoredEntity, _request: EntityRequest) -> StoredEntity:
    _refuse_used_code(store, new)
    return new


PEOPLE_RULES: Mapping[str, EntityRules] = {
    "patient": EntityRules(create=_create_person, update=_update_person),
    "caregiver": EntityRules(create=_create_person, update=_update_person, delete=_delete_caregiver),
    "organization-user": EntityRules(create=_create_person, update=_update_person, delete=_refuse_administrator),
    "organization": EntityRules(create=_create_organization, update=_update_organization, delete=_delete_organization),
    "registration-code": EntityRules(create=_create_code, update=_update_code),
}
"""Rules by entity type."""
