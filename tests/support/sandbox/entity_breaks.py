"""Ways to cause each documented error of the operations on entities."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sandbox.entities.templates.seed_templates import default_template_id
from sandbox.ums.accounts import ORGANIZATION
from tests.support.sandbox.contract_requests import NOBODY, ContractRequest
from tests.support.sandbox.entity_requests import APIS, EARLIER, NEW_BODIES, PAST, EntityRequests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    Break = Callable[[EntityRequests, str], httpx.Response]

_LAST_ID = re.compile(r"[0-9a-z]+-[-0-9a-f]{27,}(?!.*[0-9a-f]{12})")


def with_body(**changes: object) -> Break:
    """The valid request with other fields."""
    return lambda requests, name: requests.send(requests.valid(name).changed(**changes))


def twice(requests: EntityRequests, name: str) -> httpx.Response:
    """The same request again."""
    request = requests.valid(name)
    requests.send(request)
    return requests.send(request)


def at_nobodys(requests: EntityRequests, name: str) -> httpx.Response:
    """The request for an entity that does not exist."""
    request = requests.valid(name)
    if request.path.endswith("/self"):
        return requests.send(replace(request, token=requests.service_token()))
    return requests.send(replace(request, path=_LAST_ID.sub(NOBODY, request.path)))


def at_nobodys_parent(requests: EntityRequests, name: str) -> httpx.Response:
    """The request for a device or patient that does not exist."""
    request = requests.valid(name)
    path = re.sub(r"/(devices|patients)/[^/]+", rf"/\1/{NOBODY}", request.path)
    return requests.send(replace(request, path=path))


def at_other_parent(requests: EntityRequests, name: str) -> httpx.Response:
    """The request for another device or patient than that of the entity."""
    request = requests.valid(name)
    other = requests.create("patient" if "/patients/" in request.path else "device")["_id"]
    path = re.sub(r"/(devices|patients)/[^/]+", rf"/\1/{other}", request.path)
    return requests.send(replace(request, path=path))


def with_template_name(requests: EntityRequests, name: str) -> httpx.Response:
    """The name of a template that does not exist."""
    request = requests.valid(name)
    before, last, after = request.path.rpartition(APIS[name].entity_type_name.replace("-", "_"))
    return requests.send(replace(request, path=f"{before}nowhere{after}" if last else request.path))


def with_template_of_other_type(requests: EntityRequests, name: str) -> httpx.Response:
    """A template for another entity type."""
    other = "caregiver" if APIS[name].entity_type_name == "patient" else "patient"
    return requests.send(requests.valid(name).changed(_templateId=default_template_id(other)))


def with_template_of_other_parent(requests: EntityRequests, name: str) -> httpx.Response:
    """A template whose parent template is not that of the device or patient."""
    kind, request = APIS[name].entity_type_name, requests.valid(name)
    identifier, other = requests.template_of_other_parent(kind)
    if "{" in APIS[name].path.partition("Id}")[2]:
        head = request.path.rpartition("/")[0]
        return requests.send(replace(request, path=f"{head}/{other}"))
    return requests.send(request.changed(_templateId=identifier))


def with_used(attribute: str, other: str) -> Break:
    """A value that another entity has, which must be unique."""

    def send(requests: EntityRequests, name: str) -> httpx.Response:
        used = requests.create(other)[attribute]
        if attribute == "_email" and APIS[name].operation == "update":
            kind = APIS[name].entity_type_name
            without: dict[str, Any] = {"_canLogin": None} if kind == "patient" else {}
            person = requests.create(kind, _email=None, **without)
            return requests.send(_patch(requests, person, APIS[name].path, _email=used))
        if APIS[name].entity_type_name == "organization" and attribute == "_email":
            body = {**NEW_BODIES["organization-user"](), attribute: used}
            del body["_ownerOrganization"]
            return requests.send(requests.valid(name).changed(_primaryAdministrator=body))
        return requests.send(requests.valid(name).changed(**{attribute: used}))

    return send


def _patch(requests: EntityRequests, entity: Mapping[str, Any], path: str, **body: object) -> ContractRequest:
    return requests.request("PATCH", path.format(id=entity["_id"]), body)


def of_one_time_code_user(requests: EntityRequests, name: str) -> httpx.Response:
    """Another phone for a user who logs in by it."""
    person = requests.create(APIS[name].entity_type_name, _credentialType="OTP", _mfa=None)
    return requests.send(_patch(requests, person, APIS[name].path, _phone="+4912345678"))


def with_foreign_caregiver(requests: EntityRequests, name: str) -> httpx.Response:
    """A caregiver of another organization."""
    owner = {"id": requests.create("organization")["_id"]}
    caregiver = requests.create("caregiver", _ownerOrganization=owner)
    return requests.send(requests.valid(name).changed(_caregiver={"id": caregiver["_id"]}))


def of_assigned_caregiver(requests: EntityRequests, name: str) -> httpx.Response:
    """The deletion of a patient's caregiver."""
    caregiver = requests.create("caregiver")["_id"]
    requests.create("patient", _caregiver={"id": caregiver})
    return requests.send(requests.request("DELETE", APIS[name].path.format(id=caregiver)))


def of_administrator(requests: EntityRequests, name: str) -> httpx.Response:
    """The deletion of an organization's administrator, or the move to another organization."""
    user = requests.create("organization")["_primaryAdministrator"]
    path = APIS[name].path.format(id=user["id"])
    if APIS[name].operation == "delete":
        return requests.send(requests.request("DELETE", path))
    return requests.send(requests.request("PATCH", path, {"_ownerOrganization": {"id": ORGANIZATION}}))


def of_nobodys_organization(requests: EntityRequests, name: str) -> httpx.Response:
    """A user whose organization was deleted, or an organization that does not exist."""
    api = APIS[name]
    if api.operation == "change_admin":
        organization = requests.create("organization")
        requests.send(requests.request("DELETE", f"/organization/v1/organizations/{organization['_id']}"))
        path = api.path.format(newAdminId=organization["_primaryAdministrator"]["id"])
        return requests.send(requests.request("POST", path))
    if api.entity_type_name == "organization":
        return at_nobodys(requests, name)
    return requests.send(requests.valid(name).changed(_ownerOrganization={"id": NOBODY}))


def of_first_organization(requests: EntityRequests, name: str) -> httpx.Response:
    """The deletion of the first organization."""
    return requests.send(requests.request("DELETE", APIS[name].path.format(id=ORGANIZATION)))


def with_used_registration_code(requests: EntityRequests, name: str) -> httpx.Response:
    """The registration code of another device."""
    code = {"id": requests.create("registration-code")["_id"]}
    requests.create("device", _registrationCode=code)
    return requests.send(requests.valid(name).changed(_registrationCode=code))


def of_device_in_session(requests: EntityRequests, name: str) -> httpx.Response:
    """A change of a device during its session, or its deletion."""
    device = requests.device_with_patient()
    requests.remote_session(device)
    path = APIS[name].path.format(id=device)
    body = {"_patient": None} if APIS[name].method == "PATCH" else None
    return requests.send(requests.request(APIS[name].method, path, body))


def of_device_in_command(requests: EntityRequests, name: str) -> httpx.Response:
    """A change of a device during a command, or its deletion."""
    device = requests.create("device")["_id"]
    requests.create("command", device)
    path, owner = APIS[name].path.format(id=device), {"id": requests.create("organization")["_id"]}
    body = {"_ownerOrganization": owner} if APIS[name].method == "PATCH" else None
    return requests.send(requests.request(APIS[name].method, path, body))


def of_cleared_alert(requests: EntityRequests, name: str) -> httpx.Response:
    """An alert that is opened again."""
    request = requests.valid(name)
    requests.made(request.changed(_state="CLEARED"))
    return requests.send(request)


def of_device_without_patient(requests: EntityRequests, name: str) -> httpx.Response:
    """A session of a device that has no patient."""
    request, device = requests.valid(name), requests.create("device")["_id"]
    return requests.send(replace(request, path=re.sub(r"/devices/[^/]+", f"/devices/{device}", request.path)))


def with_other_session(*, patient: bool) -> Break:
    """A second session of a device: with another patient, or with the same one and the same template."""

    def send(requests: EntityRequests, name: str) -> httpx.Response:
        request = requests.valid(name)
        device = request.path.split("/")[4]
        requests.remote_session(device)
        body = {} if APIS[name].operation == "start" else OPEN_SESSION
        other = {"_patient": {"id": requests.create("patient")["_id"]}} if patient else {}
        return requests.send(request.changed(**body, **other))

    return send


OPEN_SESSION = {"_state": "ACTIVE", "_endTime": None, "_summary": None}


def by_other_initiator(requests: EntityRequests, name: str) -> httpx.Response:
    """An update of a session of remote control, or remote control of a session that a device reported."""
    device, api = requests.device_with_patient(), APIS[name]
    if api.operation == "update":
        session = requests.remote_session(device)["_id"]
        return requests.send(requests.request("PATCH", api.path.format(deviceId=device, id=session), {"_name": "x"}))
    session = requests.create("usage-session", device, **OPEN_SESSION)["_id"]
    return requests.send(requests.request("POST", api.path.format(deviceId=device, id=session)))


def with_wrong_state(requests: EntityRequests, name: str) -> httpx.Response:
    """A session that is done becomes active, or is stopped, paused or resumed twice."""
    if APIS[name].operation == "update":
        return with_body(**OPEN_SESSION)(requests, name)
    return twice(requests, name)


def of_active(kind: str) -> Break:
    """The deletion of a session or command that has not ended."""

    def send(requests: EntityRequests, name: str) -> httpx.Response:
        device = requests.device_with_patient()
        made = requests.create(kind, device, **(OPEN_SESSION if kind == "usage-session" else {}))["_id"]
        return requests.send(requests.request("DELETE", APIS[name].path.format(deviceId=device, id=made)))

    return send


BREAKS: Mapping[str, Break] = {
    "OWNER_ORGANIZATION_CANNOT_BE_NULL": with_body(_ownerOrganization=None),
    "EMAIL_CANNOT_BE_EMPTY_FOR_LOGGABLE_USER": with_body(_email=None, _canLogin=True),
    "OTP_PHONE_CANNOT_BE_NULL": with_body(_credentialType="OTP", _phone=None, _mfa=None),
    "OTP_MFA_ENABLED_CONFLICT": with_body(_credentialType="OTP"),
    "OTP_UPDATE_PHONE_DISABLED": of_one_time_code_user,
    "EMAIL_CHANGE_NOT_PERMITTED": with_body(_email="other@patients.example"),
    "EMAIL_ALREADY_EXIST": with_used("_email", "patient"),
    "CAREGIVER_MUST_BE_IN_SAME_ORGANIZATION_AS_PATIENT": with_foreign_caregiver,
    "CAREGIVER_ASSIGNED_TO_PATIENT": of_assigned_caregiver,
    "USER_IS_ORGANIZATION_ADMIN": of_administrator,
    "USER_NOT_FOUND": at_nobodys,
    "ORGANIZATION_NOT_FOUND": of_nobodys_organization,
    "ORGANIZATION_ALREADY_EXIST": with_used("_name", "organization"),
    "CANNOT_DELETE_FIRST_ORGANIZATION": of_first_organization,
    "TEMPLATE_NOT_FOUND_BY_NAME": with_template_name,
    "TEMPLATE_NOT_FOUND": with_template_name,
    "SESSION_TEMPLATE_NOT_FOUND_BY_USAGE_TYPE": with_template_name,
    "ENTITY_TYPE_TEMPLATE_MISMATCH": with_template_of_other_type,
    "REGISTRATION_CODE_NOT_FOUND": at_nobodys,
    "REGISTRATION_CODE_ALREADY_EXISTS": with_used("_code", "registration-code"),
    "REGISTRATION_CODE_ALREADY_IN_USE": with_used_registration_code,
    "GENERIC_ENTITY_NOT_FOUND": at_nobodys,
    "DEVICE_ID_ALREADY_EXISTS": twice,
    "UPDATE_DEVICE_HAS_AN_ACTIVE_SESSION": of_device_in_session,
    "UPDATED_DEVICE_HAS_AN_ACTIVE_COMMAND": of_device_in_command,
    "DELETED_DEVICE_HAS_AN_ACTIVE_COMMAND": of_device_in_command,
    "ALERT_PARENT_ENTITY_NOT_FOUND": at_nobodys_parent,
    "DEVICE_NOT_FOUND": at_nobodys_parent,
    "INCORRECT_PARENT": at_other_parent,
    "ALERT_TEMPLATE_NOT_CHILD_OF_PARENT_TEMPLATE": with_template_of_other_parent,
    "SESSION_TEMPLATE_IS_NOT_CHILD_OF_DEVICE_TEMPLATE": with_template_of_other_parent,
    "ALERT_NOT_FOUND": at_nobodys,
    "CLEAR_NOTES_GIVEN_ON_OPEN_ALERT": with_body(_clearNotes="Done"),
    "ILLEGAL_STATE_CHANGE": of_cleared_alert,
    "SESSION_NOT_FOUND": at_nobodys,
    "SESSION_WRONG_DEVICE_ID": at_other_parent,
    "SESSION_MISSING_PATIENT_ID": of_device_without_patient,
    "STOP_DATA_NULL_FOR_DONE_SESSION": with_body(_summary=None),
    "STOP_DATA_NOT_NULL_FOR_NON_DONE_SESSION": with_body(_state="ACTIVE", _endTime=None),
    "END_TIME_VALUE_INVALID_FOR_SESSION_STATE": with_body(_endTime=None),
    "TIME_IN_FUTURE": with_body(_endTime="2999-01-01T00:00:00Z"),
    "START_TIME_AFTER_END_TIME": with_body(_startTime=PAST, _endTime=EARLIER),
    "DEVICE_IN_SESSION_WITH_ANOTHER_PATIENT": with_other_session(patient=True),
    "DEVICE_IN_SESSION_WITH_USAGE_TYPE": with_other_session(patient=False),
    "SESSION_INITIATOR_MISMATCH": by_other_initiator,
    "SESSION_STATE_CHANGE_INVALID": with_wrong_state,
    "CANNOT_DELETE_NON_DONE_SESSION": of_active("usage-session"),
    "COMMAND_NOT_FOUND": at_nobodys,
    "COMMAND_WRONG_DEVICE_ID": at_other_parent,
    "DEVICE_IN_COMMAND_WITH_SAME_TEMPLATE": twice,
    "COMMAND_STATE_CHANGE_INVALID": twice,
    "COMMAND_STATE_DELETE_INVALID": of_active("command"),
}
"""A way to cause each code, for every operation that documents it."""
ATTRIBUTE_BREAKS: Mapping[str, tuple[str, Break]] = {
    "ATTRIBUTE_NOT_VALID_FOR_TEMPLATE": ("organization.createPatient", with_body(_shoeSize=42)),
    "ATTRIBUTE_IS_MANDATORY": ("organization.createPatient", with_body(_name=None)),
    "ATTRIBUTE_VALUE_CONVERSION_FAILED": ("organization.createPatient", with_body(_dateOfBirth="2026-02-30")),
    "ATTRIBUTE_VALUE_TYPE_MISMATCH": ("organization.createPatient", with_body(_description=5)),
    "ATTRIBUTE_REGEX_VALIDATION_FAILED": ("organization.createPatient", with_body(_phone="12")),
    "REFERENCED_ENTITY_TYPE_MISMATCH": ("organization.createPatient", with_body(_caregiver={"id": ORGANIZATION})),
    "SELECT_ATTRIBUTE_INVALID_VALUE": ("organization.createPatient", with_body(_gender="OTHER")),
    "VALIDATION_LOCALE_NOT_VALID": ("organization.createPatient", with_body(_locale="en")),
    "VALIDATION_TIMEZONE_NOT_VALID": ("device.registerDevice", with_body(_timezone="Berlin")),
    "VALIDATION_MAX_ALLOWED_VALUE": ("device.createAlert_1", with_body(_name="a" * 65)),
    "VALIDATION_MINIMUM_ALLOWED_VALUE": ("device.createAlert_1", with_body(_name="")),
    "REFERENCE_CONFIGURATION_ENTITY_NOT_FOUND": ("organization.createPatient", with_body(_caregiver={"id": NOBODY})),
    "DIFFERENT_REFERENCED_ENTITY_ORGANIZATION_ID": (
        "device.registerDevice",
        lambda requests, name: requests.send(
            requests.valid(name).changed(
                _patient={"id": requests.create("patient")["_id"]},
                _ownerOrganization={"id": requests.create("organization")["_id"]},
            )
        ),
    ),
    "SELECT_ATTRIBUTE_DUPLICATED_VALUES": (
        "device.registerDeviceWithTemplateName",
        lambda requests, name: requests.send(
            replace(
                requests.valid(name).changed(colours=["red", "red"]),
                path=f"/device/v2/devices/templates/{requests.template_with_colours()}",
            )
        ),
    ),
    "COUNTRY_CODE_CANNOT_BE_NULL": ("organization.updatePatient", with_body(_address={"city": "Boston"})),
}
"""A way to cause each code of attributes and references, for one operation: the others check in the same way."""
