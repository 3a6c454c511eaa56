"""Operations beyond create, read, update and delete: enabled states, administrators, sessions, commands and statuses.

No device answers in a local BioT, so a session is at once in the state that a real device would report later, and a
command is in progress until it is stopped.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.entities.entity_body import organization_of
from sandbox.entities.entity_request import find_entity, not_found
from sandbox.entities.operations import save
from sandbox.entities.rules.device_rules import REMOTE_CONTROL
from sandbox.entities.types.entity_types import ENTITY_TYPES
from sandbox.web.biot_errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.entities.entity_calls import EntityChange
    from sandbox.entities.entity_request import EntityRequest
    from sandbox.entities.entity_store import EntityStore, StoredEntity

_SESSION_STATES: Mapping[str, tuple[set[str], str]] = {
    "stop": ({"ACTIVE", "PAUSED"}, "DONE"),
    "pause": ({"ACTIVE"}, "PAUSED"),
    "resume": ({"PAUSED"}, "ACTIVE"),
}
"""The states from which an operation is possible, and the state after it."""


def set_enabled_state(store: EntityStore, request: EntityRequest) -> EntityChange:
    """Enable or disable a user.

    Raises:
        ApiError: 400, there is no such state; 404, there is no such user.
    """
    state = request.path_parameters["state"]
    if state not in {"ENABLED", "DISABLED"}:
        message = "The state must be ENABLED or DISABLED."
        raise bad_request(message)
    return _with(store, request, find_entity(store, request), {"_enabled": state})


def change_admin(store: EntityStore, request: EntityRequest) -> EntityChange:
    """Make a user the primary administrator of their organization.

    Raises:
        ApiError: 404, there is no such user.
    """
    identifier = request.path_parameters["newAdminId"]
    user = store.find("organization-user", identifier)
    if user is None:
        raise not_found(ENTITY_TYPES["organization-user"], identifier)
    organization = store.find("organization", organization_of(user))
    if organization is None:
        raise not_found(request.kind, organization_of(user))
    return _with(store, request, organization, {"_primaryAdministrator": {"id": user.id}})


def update_status(store: EntityStore, request: EntityRequest) -> EntityChange:
    """Set what a device reports about itself.

    Raises:
        ApiError: 400, the body has no ``data``; 404, there is no such device.
    """
    device, data = find_entity(store, request), request.body.get("data")
    if not isinstance(data, dict):
        message = "data must be an object."
        details = {"attributeName": "data", "value": data, "type": "OBJECT"}
        raise bad_request(message, "ATTRIBUTE_VALUE_TYPE_MISMATCH", details)
    status = device.attributes.get("_status")
    merged = {**(status if isinstance(status, dict) else {}), **data}
    return _with(store, request, device, {"_status": merged})


def stop_command(store: EntityStore, request: EntityRequest) -> EntityChange:
    """Abort a command.

    Raises:
        ApiError: 404, there is no such command; 409, it has ended.
    """
    command = find_entity(store, request)
    state = command.attributes["_state"]
    if state != "IN_PROGRESS":
        message = "Only a command in progress can be stopped."
        raise ApiError(409, "COMMAND_STATE_CHANGE_INVALID", message, {"currentState": state})
    return _with(store, request, command, {"_state": "ABORTED", "_endTime": request.now})


def control_session(store: EntityStore, request: EntityRequest) -> EntityChange:
    """Stop, pause or resume a session that was started by remote control.

    Raises:
        ApiError: 404, there is no such session; 403, a device started it; 409, it is in another state.
    """
    session = find_entity(store, request)
    initiator, state = session.attributes["_initiator"], str(session.attributes["_state"])
    if initiator != REMOTE_CONTROL:
        message = "The session was not started by remote control."
        details = {"originalInitiator": initiator, "currentInitiator": REMOTE_CONTROL}
        raise ApiError(403, "SESSION_INITIATOR_MISMATCH", message, details)
    possible, target = _SESSION_STATES[request.api.operation]
    if state not in possible:
        message = f"A session that is {state} cannot become {target} in this way."
        raise ApiError(409, "SESSION_STATE_CHANGE_INVALID", message, {"currentState": state, "targetState": target})
    end = {"_endTime": request.now, "_summary": {"_stopReasonCode": "COMPLETION"}} if target == "DONE" else {}
    return _with(store, request, session, {"_state": target, **end})


def _with(store: EntityStore, request: EntityRequest, old: StoredEntity, changes: Mapping[str, object]) -> EntityChange:
    new = replace(old, attributes={**old.attributes, **changes}, last_modified_time=request.now)
    return save(store, request, old, new)
