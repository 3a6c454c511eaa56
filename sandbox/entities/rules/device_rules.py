"""Rules for devices, alerts, usage sessions and commands (BioT OpenAPI specification 2.4.2, error codes)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.entities.entity_store import reference_id
from sandbox.entities.rules.entity_rules import EntityRules
from sandbox.web.biot_errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.entities.entity_request import EntityRequest
    from sandbox.entities.entity_store import EntityStore, StoredEntity

REMOTE_CONTROL, EXTERNAL = "REMOTE_CONTROL", "EXTERNAL"
"""Who started a session: the remote-control API, or a device or client that reports it."""
_FINISHED_COMMAND = {"COMPLETED", "FAILED", "TIMEOUT", "ABORTED"}


def active_sessions(store: EntityStore, device: str) -> list[StoredEntity]:
    """Return the sessions of a device that are not done."""
    sessions = store.select("usage-session", "$._device.id", device)
    return [one for one in sessions if one.attributes.get("_state") != "DONE"]


def active_commands(store: EntityStore, device: str) -> list[StoredEntity]:
    """Return the commands of a device that have not ended."""
    commands = store.select("command", "$._device.id", device)
    return [one for one in commands if one.attributes.get("_state") not in _FINISHED_COMMAND]


def _create_device(store: EntityStore, draft: StoredEntity, _request: EntityRequest) -> StoredEntity:
    if store.find("device", draft.id):
        message = "There is already a device with this id."
        raise ApiError(409, "DEVICE_ID_ALREADY_EXISTS", message, {"deviceId": draft.id})
    _refuse_used_registration_code(store, draft)
    return draft


def _refuse_used_registration_code(store: EntityStore, device: StoredEntity) -> None:
    code = reference_id(device.attributes, "_registrationCode")
    if code and any(one.id != device.id for one in store.select("device", "$._registrationCode.id", code)):
        message = "Another device uses this registration code."
        raise ApiError(409, "REGISTRATION_CODE_ALREADY_IN_USE", message, {"registrationCodeId": code})


def _update_device(store: EntityStore, old: StoredEntity, new: StoredEntity, _request: EntityRequest) -> StoredEntity:
    changed = [
        name
        for name in ("_patient", "_ownerOrganization")
        if reference_id(old.attributes, name) != reference_id(new.attributes, name)
    ]
    if changed and active_sessions(store, new.id):
        message = f"{changed[0]} cannot be changed during a session of the device."
        details = {"attributeName": changed[0], "deviceId": new.id}
        raise ApiError(403, "UPDATE_DEVICE_HAS_AN_ACTIVE_SESSION", message, details)
    if "_ownerOrganization" in changed and active_commands(store, new.id):
        message = "_ownerOrganization cannot be changed during a command of the device."
        details = {"attributeName": "_ownerOrganization", "deviceId": new.id}
        raise ApiError(403, "UPDATED_DEVICE_HAS_AN_ACTIVE_COMMAND", message, details)
    _refuse_used_registration_code(store, new)
    return new


def _delete_device(store: EntityStore, entity: StoredEntity) -> None:
    if active_sessions(store, entity.id):
        message = "The device has a session that is not done."
        details = {"attributeName": "_id", "deviceId": entity.id}
        raise ApiError(403, "UPDATE_DEVICE_HAS_AN_ACTIVE_SESSION", message, details)
    if active_commands(store, entity.id):
        message = "The device has a command that has not ended."
        raise ApiError(403, "DELETED_DEVICE_HAS_AN_ACTIVE_COMMAND", message, {"deviceId": entity.id})


def _create_alert(_store: EntityStore, draft: StoredEntity, request: EntityRequest) -> StoredEntity:
    alert = replace(draft, attributes={**draft.attributes, "_setDateTime": request.now})
    return _cleared(alert, request) if alert.attributes["_state"] == "CLEARED" else _open(alert)


def _update_alert(_store: EntityStore, old: StoredEntity, new: StoredEntity, request: EntityRequest) -> StoredEntity:
    before, after = old.attributes.get("_state"), new.attributes.get("_state")
    if before == "CLEARED" != after:
        message = "A cleared alert stays cleared."
        raise bad_request(message, "ILLEGAL_STATE_CHANGE", {"oldState": before, "newState": after})
    if after == "CLEARED":
        return new if before == "CLEARED" else _cleared(new, request)
    return _open(new)


def _open(alert: StoredEntity) -> StoredEntity:
    if alert.attributes.get("_clearNotes") is not None:
        message = "_clearNotes need the _state CLEARED."
        raise bad_request(message, "CLEAR_NOTES_GIVEN_ON_OPEN_ALERT")
    return alert


def _cleared(alert: StoredEntity, request: EntityRequest) -> StoredEntity:
    cleared = {"_clearDateTime": request.now, "_clearTrigger": "MANUAL", "_clearedBy": {"id": request.caller_id}}
    return replace(alert, attributes={**alert.attributes, **cleared})


def _create_session(store: EntityStore, draft: StoredEntity, request: EntityRequest) -> StoredEntity:
    remote = request.api.operation == "start"
    started = {"_startTime": request.now, "_state": "ACTIVE"} if remote else {}
    session = replace(
        draft,
        attributes={
            **draft.attributes,
            **started,
            "_patient": {"id": _patient_of_session(store, draft)},
            "_initiator": REMOTE_CONTROL if remote else EXTERNAL,
            "_sessionContext": draft.id,
        },
    )
    _check_session(session, request)
    if session.attributes["_state"] != "DONE":
        _refuse_second_session(store, session)
    return session


def _patient_of_session(store: EntityStore, draft: StoredEntity) -> str:
    device = store.find("device", reference_id(draft.attributes, "_device") or "")
    patient = reference_id(draft.attributes, "_patient") or (device and reference_id(device.attributes, "_patient"))
    if not patient:
        message = "Neither the request nor the device has a _patient."
        details = {"deviceId": device.id if device else ""}
        raise bad_request(message, "SESSION_MISSING_PATIENT_ID", details)
    return patient


def _refuse_second_session(store: EntityStore, session: StoredEntity) -> None:
    device = reference_id(session.attributes, "_device") or ""
    for other in active_sessions(store, device):
        if other.id == session.id:
            continue
        if reference_id(other.attributes, "_patient") != reference_id(session.attributes, "_patient"):
            message = "The device is in a session with another patient."
            raise ApiError(409, "DEVICE_IN_SESSION_WITH_ANOTHER_PATIENT", message, {"deviceId": device})
        if other.template_id == session.template_id:
            message = "The device is already in a session of this usage type."
            details = {"deviceId": device, "usageTypeId": session.template_id}
            raise ApiError(409, "DEVICE_IN_SESSION_WITH_USAGE_TYPE", message, details)


def _check_session(session: StoredEntity, request: EntityRequest) -> None:
    attributes = session.attributes
    state, start, end = attributes.get("_state"), str(attributes.get("_startTime")), attributes.get("_endTime")
    if (end is None) == (state == "DONE"):
        message = "_endTime belongs to a session that is DONE, and to no other."
        raise bad_request(message, "END_TIME_VALUE_INVALID_FOR_SESSION_STATE", {"value": end, "state": state})
    _check_stop_data(attributes, state)
    if future := next((time for time in _times(start, end) if time > request.now), None):
        message = "A time of a session is in the future."
        raise bad_request(message, "TIME_IN_FUTURE", {"time": future, "currentTime": request.now})
    if end is not None and start > str(end):
        message = "_startTime is after _endTime."
        raise bad_request(message, "START_TIME_AFTER_END_TIME", {"startTime": start, "endTime": end})


def _times(start: str, end: object) -> Iterable[str]:
    return [start] if end is None else [start, str(end)]


def _check_stop_data(attributes: Mapping[str, object], state: object) -> None:
    summary = attributes.get("_summary")
    given = summary if isinstance(summary, dict) else {}
    if state == "DONE" and not given.get("_stopReasonCode"):
        message = "A session that is DONE needs _summary._stopReasonCode."
        raise bad_request(message, "STOP_DATA_NULL_FOR_DONE_SESSION")
    if state != "DONE" and given:
        name, value = next(iter(given.items()))
        message = "_summary belongs to a session that is DONE."
        details = {"attributeName": f"_summary.{name}", "value": value, "state": state}
        raise bad_request(message, "STOP_DATA_NOT_NULL_FOR_NON_DONE_SESSION", details)


def _update_session(_store: EntityStore, old: StoredEntity, new: StoredEntity, request: EntityRequest) -> StoredEntity:
    if old.attributes["_initiator"] == REMOTE_CONTROL:
        message = "A session that was started by remote control is changed by remote control."
        details: dict[str, object] = {"originalInitiator": REMOTE_CONTROL, "currentInitiator": EXTERNAL}
        raise ApiError(403, "SESSION_INITIATOR_MISMATCH", message, details)
    _check_session(new, request)
    before, after = old.attributes["_state"], new.attributes["_state"]
    if before == "DONE" != after:
        message = "A session that is DONE stays done."
        details = {"currentState": before, "targetState": after}
        raise ApiError(409, "SESSION_STATE_CHANGE_INVALID", message, details)
    return new


def _delete_session(_store: EntityStore, entity: StoredEntity) -> None:
    state = entity.attributes["_state"]
    if state != "DONE":
        message = "Only a session that is DONE can be deleted."
        raise ApiError(409, "CANNOT_DELETE_NON_DONE_SESSION", message, {"id": entity.id, "state": state})


def _create_command(store: EntityStore, draft: StoredEntity, request: EntityRequest) -> StoredEntity:
    device = reference_id(draft.attributes, "_device") or ""
    if any(one.template_id == draft.template_id for one in active_commands(store, device)):
        message = "The device is already carrying out a command with this template."
        details = {"deviceId": device, "templateId": draft.template_id}
        raise ApiError(409, "DEVICE_IN_COMMAND_WITH_SAME_TEMPLATE", message, details)
    started = {"_startTime": request.now, "_state": "IN_PROGRESS"}
    return replace(draft, attributes={**draft.attributes, **started})


def _delete_command(_store: EntityStore, entity: StoredEntity) -> None:
    state = entity.attributes["_state"]
    if state not in _FINISHED_COMMAND:
        message = "Only a command that has ended can be deleted."
        raise ApiError(409, "COMMAND_STATE_DELETE_INVALID", message, {"currentState": state})


_ALERT_RULES = EntityRules(create=_create_alert, update=_update_alert)
DEVICE_RULES: Mapping[str, EntityRules] = {
    "device": EntityRules(create=_create_device, update=_update_device, delete=_delete_device),
    "device-alert": _ALERT_RULES,
    "patient-alert": _ALERT_RULES,
    "usage-session": EntityRules(create=_create_session, update=_update_session, delete=_delete_session),
    "command": EntityRules(create=_create_command, delete=_delete_command),
}
"""Rules by entity type."""
