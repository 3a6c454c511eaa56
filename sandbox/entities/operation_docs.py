"""The operations on entities for ``/openapi.json``, with the codes of BioT OpenAPI specification 2.4.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.platform.entity_apis import ENTITY_APIS
from sandbox.api_description import CUSTOM_ATTRIBUTE, UUID_TEXT, Operation, page_of
from sandbox.entities.attribute_schemas import request_schema, response_schema
from sandbox.entities.entity_request import TEMPLATE_CODES
from sandbox.entities.routes import WITH_BODY, WITH_REFERENCERS, permission_of, success_of
from sandbox.entities.searching import searchable_entities
from sandbox.entities.types.entity_types import ENTITY_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.platform.entity_apis import EntityApi
    from builder.platform.entity_apis import Operation as EntityOperation
    from sandbox.api_description import Method, Schema

_ATTRIBUTE_400 = (
    "ATTRIBUTE_NOT_VALID_FOR_TEMPLATE",
    "ATTRIBUTE_IS_MANDATORY",
    "ATTRIBUTE_VALUE_CONVERSION_FAILED",
    "ATTRIBUTE_VALUE_TYPE_MISMATCH",
    "ATTRIBUTE_REGEX_VALIDATION_FAILED",
    "REFERENCED_ENTITY_TYPE_MISMATCH",
    "DIFFERENT_REFERENCED_ENTITY_ORGANIZATION_ID",
    "SELECT_ATTRIBUTE_INVALID_VALUE",
    "SELECT_ATTRIBUTE_DUPLICATED_VALUES",
    "VALIDATION_LOCALE_NOT_VALID",
    "VALIDATION_TIMEZONE_NOT_VALID",
    "VALIDATION_MAX_ALLOWED_VALUE",
    "VALIDATION_MINIMUM_ALLOWED_VALUE",
)
_WRITES = {"create", "create_by_template", "start", "start_by_template", "update"}
_CREATES = _WRITES - {"update"}
_PATH_PARAMETERS: Mapping[str, Schema] = {
    "id": UUID_TEXT,
    "newAdminId": UUID_TEXT,
    "deviceId": {"type": "string", "pattern": "^[a-zA-Z0-9:_-]{1,108}$"},
    "patientId": UUID_TEXT,
    "templateName": {"type": "string", "pattern": CUSTOM_ATTRIBUTE},
    "usageType": {"type": "string", "pattern": CUSTOM_ATTRIBUTE},
    "state": {"enum": ["ENABLED", "DISABLED"]},
}
_PERSON: Mapping[str, tuple[str, ...]] = {
    "create": (
        "400 OWNER_ORGANIZATION_CANNOT_BE_NULL",
        "400 OTP_PHONE_CANNOT_BE_NULL",
        "400 OTP_MFA_ENABLED_CONFLICT",
        "404 ORGANIZATION_NOT_FOUND",
        "409 EMAIL_ALREADY_EXIST",
    ),
    "update": (
        "400 OWNER_ORGANIZATION_CANNOT_BE_NULL",
        "400 COUNTRY_CODE_CANNOT_BE_NULL",
        "400 OTP_UPDATE_PHONE_DISABLED",
        "403 EMAIL_CHANGE_NOT_PERMITTED",
        "404 ORGANIZATION_NOT_FOUND",
        "409 EMAIL_ALREADY_EXIST",
    ),
}
_PATIENT = ("409 CAREGIVER_MUST_BE_IN_SAME_ORGANIZATION_AS_PATIENT", "400 EMAIL_CANNOT_BE_EMPTY_FOR_LOGGABLE_USER")
_ALERT = ("400 CLEAR_NOTES_GIVEN_ON_OPEN_ALERT",)
_SESSION = (
    "400 STOP_DATA_NULL_FOR_DONE_SESSION",
    "400 STOP_DATA_NOT_NULL_FOR_NON_DONE_SESSION",
    "400 END_TIME_VALUE_INVALID_FOR_SESSION_STATE",
    "400 TIME_IN_FUTURE",
    "400 START_TIME_AFTER_END_TIME",
)
_SECOND_SESSION = ("409 DEVICE_IN_SESSION_WITH_ANOTHER_PATIENT", "409 DEVICE_IN_SESSION_WITH_USAGE_TYPE")
_CONTROL = ("403 SESSION_INITIATOR_MISMATCH", "409 SESSION_STATE_CHANGE_INVALID")
_ERRORS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "patient": {"create": (*_PERSON["create"], *_PATIENT), "update": (*_PERSON["update"], *_PATIENT)},
    "caregiver": {**_PERSON, "delete": ("409 CAREGIVER_ASSIGNED_TO_PATIENT",)},
    "organization-user": {
        "create": _PERSON["create"],
        "update": (*_PERSON["update"], "409 USER_IS_ORGANIZATION_ADMIN"),
        "delete": ("409 USER_IS_ORGANIZATION_ADMIN",),
    },
    "organization": {
        "create": ("409 ORGANIZATION_ALREADY_EXIST", "409 EMAIL_ALREADY_EXIST", *_PERSON["create"][1:3]),
        "update": ("400 COUNTRY_CODE_CANNOT_BE_NULL", "409 ORGANIZATION_ALREADY_EXIST"),
        "delete": ("403 CANNOT_DELETE_FIRST_ORGANIZATION",),
        "change_admin": ("404 USER_NOT_FOUND", "404 ORGANIZATION_NOT_FOUND"),
    },
    "registration-code": dict.fromkeys(("create", "update"), ("409 REGISTRATION_CODE_ALREADY_EXISTS",)),
    "device": {
        "create": ("409 DEVICE_ID_ALREADY_EXISTS", "409 REGISTRATION_CODE_ALREADY_IN_USE"),
        "update": (
            "403 UPDATE_DEVICE_HAS_AN_ACTIVE_SESSION",
            "403 UPDATED_DEVICE_HAS_AN_ACTIVE_COMMAND",
            "409 REGISTRATION_CODE_ALREADY_IN_USE",
        ),
        "update_status": ("400 ATTRIBUTE_VALUE_TYPE_MISMATCH",),
        "delete": ("403 UPDATE_DEVICE_HAS_AN_ACTIVE_SESSION", "403 DELETED_DEVICE_HAS_AN_ACTIVE_COMMAND"),
    },
    "device-alert": {"create": _ALERT, "update": (*_ALERT, "400 ILLEGAL_STATE_CHANGE")},
    "patient-alert": {"create": _ALERT, "update": (*_ALERT, "400 ILLEGAL_STATE_CHANGE")},
    "usage-session": {
        "create": ("400 SESSION_MISSING_PATIENT_ID", *_SESSION, *_SECOND_SESSION),
        "start": ("400 SESSION_MISSING_PATIENT_ID", *_SECOND_SESSION),
        "update": (*_SESSION, *_CONTROL),
        "delete": ("409 CANNOT_DELETE_NON_DONE_SESSION",),
        **dict.fromkeys(("stop", "pause", "resume"), _CONTROL),
    },
    "command": {
        "start": ("409 DEVICE_IN_COMMAND_WITH_SAME_TEMPLATE",),
        "stop": ("409 COMMAND_STATE_CHANGE_INVALID",),
        "delete": ("409 COMMAND_STATE_DELETE_INVALID",),
    },
}
"""What one type adds to the errors that follow from its description; creation by template is like creation."""
_SUMMARIES: Mapping[EntityOperation, str] = {
    "search": "Search entities of the type {type}.",
    "create": "Create an entity of the type {type} from the template with an id.",
    "create_by_template": "Create an entity of the type {type} from the template with a name.",
    "get": "Return an entity of the type {type}.",
    "get_self": "Return the caller, if an entity of the type {type} has the caller's id.",
    "update": "Change the attributes of an entity of the type {type} that are sent; null removes one.",
    "delete": "Delete an entity of the type {type}, and what belongs to it.",
    "set_enabled_state": "Enable or disable an entity of the type {type}.",
    "change_admin": "Make a user the primary administrator of their organization.",
    "update_status": "Set what a device reports about itself.",
    "start": "Start an entity of the type {type} with the template with an id.",
    "start_by_template": "Start an entity of the type {type} with the template with a name.",
    "stop": "Stop an entity of the type {type}.",
    "pause": "Pause an entity of the type {type}.",
    "resume": "Resume an entity of the type {type}.",
}


def _operation(api: EntityApi) -> Operation:
    kind = ENTITY_TYPES[api.entity_type_name]
    searchable = searchable_entities(api.entity_type_name) if api.operation == "search" else None
    entity = response_schema(kind)
    parameters = {name: schema for name, schema in _PATH_PARAMETERS.items() if f"{{{name}}}" in api.path}
    if kind.own_ids and "id" in parameters:
        parameters["id"] = _PATH_PARAMETERS["deviceId"]
    errors: dict[int, list[str]] = {}
    for error in _errors(api):
        status, _, code = error.partition(" ")
        errors.setdefault(int(status), []).append(code)
    return Operation(
        method=_METHODS[api.method],
        path=api.path,
        name=api.name,
        summary=_SUMMARIES[api.operation].format(type=kind.name),
        permission=permission_of(api),
        body=request_schema(api, kind) if api.operation in WITH_BODY else None,
        search=searchable,
        parameters=parameters,
        queries={"includeReferencers": {"type": "boolean"}} if api.operation in WITH_REFERENCERS else {},
        status=success_of(api),
        response={"page": page_of(entity), "entity": entity, "nothing": None}[api.result],
        errors=errors,
    )


def _errors(api: EntityApi) -> Iterator[str]:
    if api.operation in _WRITES:
        yield from (f"400 {code}" for code in _ATTRIBUTE_400)
        yield "404 REFERENCE_CONFIGURATION_ENTITY_NOT_FOUND"
    yield from _errors_of_template(api)
    yield from _errors_of_path(api)
    of_type = _ERRORS.get(api.entity_type_name, {})
    like = {"create_by_template": "create", "start_by_template": "start"}.get(api.operation, api.operation)
    yield from of_type.get(like, ())


def _errors_of_template(api: EntityApi) -> Iterator[str]:
    kind = ENTITY_TYPES[api.entity_type_name]
    if api.operation in {"create", "start"}:
        yield from ("403 ENTITY_TYPE_TEMPLATE_MISMATCH", "404 TEMPLATE_NOT_FOUND")
    if ("{templateName}" in api.path and "{id}" not in api.path) or "{usageType}" in api.path:
        code, _ = TEMPLATE_CODES.get(kind.name, ("TEMPLATE_NOT_FOUND_BY_NAME", ""))
        yield f"404 {code}"
    if kind.parent and kind.parent.template_error and api.operation in _CREATES:
        yield f"400 {kind.parent.template_error[0]}"


def _errors_of_path(api: EntityApi) -> Iterator[str]:
    kind = ENTITY_TYPES[api.entity_type_name]
    if "{id}" in api.path or api.operation == "get_self":
        yield f"404 {kind.not_found}"
    if "{" not in api.path:
        return
    yield "404 NOT_FOUND"
    if kind.parent and (api.operation in _CREATES or kind.parent.detail == "parentEntityId"):
        yield " ".join(map(str, kind.parent.missing))
    if kind.parent and "{id}" in api.path:
        yield " ".join(map(str, kind.parent.wrong))


_METHODS: Mapping[str, Method] = {"GET": "get", "POST": "post", "PATCH": "patch", "DELETE": "delete"}
OPERATIONS = tuple(map(_operation, ENTITY_APIS))
"""All operations on entities."""
